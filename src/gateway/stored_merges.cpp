#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "accounts/users.h"
#include "async/commit.h"
#include "gateway/login_state.h"
#include "gateway/stored_provider.h"
#include "guests/merge_parts.h"

// How a guest's session ends in a merge, or does not, and what applications see of it.
namespace vestibule::gateway {

using base::ErrorKind;
using base::fail;

namespace {

constexpr int most_tasks = 100;

MergeTask task_of(const guests::Merge& merge) {
  return {base::to_string(merge.id), merge.source_subject,
          merge.target_subject,      std::string(guests::to_string(merge.state)),
          merge.requested_at,        merge.deadline_at};
}

}  // namespace

/// design.md section 4, "Merge": an account without any proved or asserted login name that this
/// same session upgraded may be merged after confirmation. What request_merge tests in full.
bool StoredProvider::is_fresh_account(const accounts::User& user,
                                      const sessions::Session& session) const {
  return fresh_accounts() == FreshAccounts::may_be_merged &&
         user.standing() == accounts::Standing::account && user.upgraded_at == session.created_at &&
         !user.email_verified();
}

/// What becomes of the session that the browser held until now.
StoredProvider::Left StoredProvider::leave_previous(store::Transaction& tx,
                                                    const SignInAnswer& answer,
                                                    const accounts::User& signed_in,
                                                    base::Time now) const {
  if (!answer.previous) return {};
  const auto previous = find_live(tx, *answer.previous, now);
  if (!previous) return {};
  const auto was = accounts::find_user(tx, previous->user);
  const bool guest = was && was->standing() == accounts::Standing::guest;
  if (!guest && was && is_fresh_account(*was, *previous) && was->id != signed_in.id)
    return {.undecided_guest = answer.previous};
  if (!guest) {
    records_.sessions.end(tx, previous->id, now, sessions::Ending::replaced);
    return {};
  }
  if (answer.intent == MergeIntent::merge && check_at_rest(tx, *was)) {
    // The source's sessions and tokens die with the request.
    const auto merge = records_.guests.request_merge(tx, was->id, signed_in.id, now);
    if (merge) return {.merge_id = base::to_string(merge->id)};
  }
  // The old cookie is worth nothing from here on; what is asked about is known by a handle that
  // only the choice cookie holds.
  records_.sessions.end(tx, previous->id, now, sessions::Ending::replaced);
  sessions::Session asked = *previous;
  asked.id = base::SessionId{base::Uuid::make(now, records_.random)};
  asked.generation = 1;
  asked.created_at = asked.rotated_at = now;
  asked.expires_at = now + sign_in_lifetime;
  records_.sessions.insert(tx, asked);
  return {.undecided_guest = SessionHandle{asked.id, asked.generation, was->subject()}};
}

Awaitable<ChoiceDone> StoredProvider::choose(ChoiceRequest request) {
  const auto now = records_.clock.now();
  auto unit = [&](store::Transaction& tx) -> base::Result<ChoiceDone> {
    const auto account = find_live(tx, request.account, now);
    if (!account) return fail(ErrorKind::unauthenticated, "no_session", "the session has ended");
    const auto guest = find_live(tx, request.guest, now);
    const auto user = guest ? accounts::find_user(tx, guest->user) : std::nullopt;
    if (!user) return fail(ErrorKind::gone, "guest_gone", "the guest has been deleted");
    const bool is_guest = user->standing() == accounts::Standing::guest;
    if (!is_guest && !is_fresh_account(*user, *guest))
      return fail(ErrorKind::conflict, "not_a_guest", "the user is no guest any more");
    if (request.choice != GuestChoice::keep) {
      if (const auto rests = check_at_rest(tx, *user); !rests)
        return std::unexpected(rests.error());
    }
    ChoiceDone done;
    switch (request.choice) {
      case GuestChoice::keep:
        records_.sessions.end(tx, guest->id, now);
        break;
      case GuestChoice::merge: {
        const auto merge =
            records_.guests.request_merge(tx, user->id, account->user, now, guest->id);
        if (!merge) return std::unexpected(merge.error());
        done.merge_id = base::to_string(merge->id);
        break;
      }
      case GuestChoice::discard:
        if (!is_guest)
          return fail(ErrorKind::conflict, "not_a_guest", "an account is not discarded like this");
        if (const auto erased = records_.guests.erase(tx, *user, guests::EraseReason::self, now);
            !erased)
          return std::unexpected(erased.error());
        break;
    }
    return done;
  };
  co_return co_await async::commit(records_.store, std::move(unit));
}

boost::asio::awaitable<MergeProgress> StoredProvider::await_merge(std::string merge_id,
                                                                  base::Milliseconds limit) {
  // Looked at and not signalled: another node may be the one that is told.
  constexpr base::Milliseconds step{40};
  const auto id = base::parse_id<base::MergeId>(merge_id);
  if (!id) co_return MergeProgress::settled;
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  for (base::Milliseconds waited{0};; waited += step) {
    auto look = [&](store::Transaction& tx) {
      const auto merge = guests::find_merge(tx, *id);
      return merge && merge->is_open() ? MergeProgress::open : MergeProgress::settled;
    };
    if (records_.store.read(std::move(look)) == MergeProgress::settled)
      co_return MergeProgress::settled;
    if (waited >= limit) co_return MergeProgress::open;
    timer.expires_after(step);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
}

Awaitable<const events::Application*> StoredProvider::application_of(base::Secret bearer) {
  const auto caller = co_await service_account_of(std::move(bearer));
  if (!caller) co_return std::unexpected(caller.error());
  for (const auto& application : records_.outbox.applications())
    if (application.service_account == *caller) co_return &application;
  co_return fail(ErrorKind::forbidden, "insufficient_rights",
                 "the caller is not the service account of an application");
}

Awaitable<std::vector<MergeTask>> StoredProvider::pending_merges(base::Secret bearer) {
  const auto application = co_await application_of(std::move(bearer));
  if (!application) co_return std::unexpected(application.error());
  const auto& name = (*application)->name;
  std::vector<base::MergeId> unseen;
  auto look = [&](store::Transaction& tx) {
    std::vector<MergeTask> tasks;
    for (const auto& merge : guests::list_open_merges(tx, name, most_tasks)) {
      tasks.push_back(task_of(merge));
      if (guests::is_undelivered(tx, merge.id, name)) unseen.push_back(merge.id);
    }
    return tasks;
  };
  auto tasks = records_.store.read(std::move(look));
  if (unseen.empty()) co_return std::move(tasks);
  const auto now = records_.clock.now();
  auto unit = [&](store::Transaction& tx) -> base::Result<void> {
    for (const auto id : unseen) guests::note_merge_delivered(tx, id, name, now);
    return {};
  };
  if (const auto noted = co_await async::commit(records_.store, std::move(unit)); !noted)
    co_return std::unexpected(noted.error());
  co_return std::move(tasks);
}

Awaitable<MergeTask> StoredProvider::acknowledge(base::Secret bearer, std::string merge_id) {
  const auto now = records_.clock.now();
  const auto application = co_await application_of(std::move(bearer));
  if (!application) co_return std::unexpected(application.error());
  const auto id = base::parse_id<base::MergeId>(merge_id);
  if (!id) co_return fail(ErrorKind::not_found, "unknown_merge", "there is no such merge");
  auto unit = [&](store::Transaction& tx) -> base::Result<MergeTask> {
    const auto merge = records_.guests.acknowledge(tx, *id, (*application)->name, now);
    if (!merge) return std::unexpected(merge.error());
    return task_of(*merge);
  };
  co_return co_await async::commit(records_.store, std::move(unit));
}

Awaitable<std::string> StoredProvider::find_alias(base::Secret bearer, std::string subject) {
  const auto application = co_await application_of(std::move(bearer));
  if (!application) co_return std::unexpected(application.error());
  // An application that took no part is told what it is told of a sub that was never merged.
  auto look = [&](store::Transaction& tx) {
    return guests::find_alias(tx, (*application)->name, subject);
  };
  auto alias = records_.store.read(std::move(look));
  if (!alias)
    co_return fail(ErrorKind::not_found, "unknown_alias",
                   "this sub has not become another one in a merge");
  co_return std::move(*alias);
}

}  // namespace vestibule::gateway
