#include "gateway/stored_provider.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "accounts/users.h"
#include "async/commit.h"
#include "events/audit.h"

namespace vestibule::gateway {

using base::ErrorKind;
using base::fail;

std::unexpected<base::Error> no_session() {
  return fail(ErrorKind::unauthenticated, "no_session", "the session has ended");
}

Profile profile_of(const accounts::User& user) {
  Profile profile;
  profile.subject = user.subject();
  profile.kind = user.is_guest() ? ProfileKind::guest : ProfileKind::account;
  profile.name = user.full_name();
  profile.email = user.email.value_or("");
  profile.email_state =
      user.email_verified() ? Profile::Email::verified : Profile::Email::unverified;
  return profile;
}

std::optional<sessions::Session> StoredProvider::find_live(store::Transaction& tx,
                                                           const SessionHandle& handle,
                                                           base::Time now) const {
  auto session = records_.sessions.find(tx, handle.session, now);
  if (!session || session->kind != sessions::Kind::gateway) return std::nullopt;
  if (session->generation == handle.generation) return session;
  const auto verdict =
      sessions::judge_replaced(handle.generation, session->generation, session->rotated_at, now);
  return verdict == sessions::Rotation::successor ? session : std::nullopt;
}

Awaitable<Profile> StoredProvider::profile(SessionHandle session) {
  const auto now = records_.clock.now();
  auto look = [&](store::Transaction& tx) -> base::Result<Profile> {
    const auto live = find_live(tx, session, now);
    if (!live) return no_session();
    const auto user = accounts::find_user(tx, live->user);
    if (!user) return no_session();
    return profile_of(*user);
  };
  co_return records_.store.read(std::move(look));
}

Awaitable<void> StoredProvider::erase_guest(SessionHandle session) {
  const auto now = records_.clock.now();
  auto unit = [&](store::Transaction& tx) -> base::Result<void> {
    const auto live = find_live(tx, session, now);
    if (!live) return no_session();
    const auto user = accounts::find_user(tx, live->user);
    if (!user) return no_session();
    if (user->standing() == accounts::Standing::account)
      return fail(ErrorKind::conflict, "not_a_guest",
                  "a registered account is not erased by its session alone");
    if (const auto rests = check_at_rest(tx, *user); !rests) return std::unexpected(rests.error());
    return records_.guests.erase(tx, *user, guests::EraseReason::self, now);
  };
  co_return co_await async::commit(records_.store, std::move(unit));
}

Awaitable<std::vector<TimelineEntry>> StoredProvider::timeline(SessionHandle session) {
  constexpr int longest = 200;
  const auto now = records_.clock.now();
  auto look = [&](store::Transaction& tx) -> base::Result<std::vector<TimelineEntry>> {
    const auto live = find_live(tx, session, now);
    if (!live) return no_session();
    std::vector<TimelineEntry> entries;
    for (auto& line : events::history(tx, live->user, longest))
      entries.push_back({line.at, std::move(line.type), std::move(line.detail)});
    return entries;
  };
  co_return records_.store.read(std::move(look));
}

}  // namespace vestibule::gateway
