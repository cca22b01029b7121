#include "remote/removal_saga.h"

#include <spdlog/spdlog.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "gateway/identity_provider.h"

namespace vestibule::remote {

namespace json = boost::json;
using gateway::ProviderUnavailable;

namespace {

std::string write_document(base::Time cutoff) {
  return json::serialize(json::object{{"cutoff", base::to_milliseconds(cutoff)}});
}

base::Time cutoff_of(const Task& task) {
  const auto members = json::parse(task.document).as_object();
  return base::from_milliseconds(members.at("cutoff").as_int64());
}

bool is_abandoned(const accounts::User& user, base::Time cutoff) {
  return user.standing() == accounts::Standing::guest && user.active_at < cutoff &&
         base::Time{user.guest_day->day} < cutoff;
}

/// Gives the task back for later; what the remote refuses is an operator's matter.
void retry_later(const Workbench& bench, Task& task, const CallError& error) {
  const bool refused = error.kind == CallError::Kind::refused;
  spdlog::log(refused ? spdlog::level::err : spdlog::level::warn, "a guest is not removed yet: {}",
              error.detail);
  give_back(bench, task);
}

}  // namespace

int RemovalSaga::begin_purge(store::Transaction& tx, std::span<const base::UserId> candidates,
                             base::Time cutoff, base::Time now) const {
  int begun = 0;
  for (const auto id : candidates) {
    const auto user = accounts::find_user(tx, id);
    if (!user || !is_abandoned(*user, cutoff)) continue;
    Task task{.subject = user->subject(),
              .kind = TaskKind::removal,
              .step = Step::deactivate,
              .user = id,
              .document = write_document(cutoff)};
    if (bench_.tasks.leave_for_later(tx, task, now)) ++begun;
  }
  return begun;
}

void RemovalSaga::on_erasure(store::Transaction& tx, const accounts::User& user,
                             guests::EraseReason reason, base::Time now) const {
  const bool here = reason == guests::EraseReason::merged || reason == guests::EraseReason::self;
  if (!here) return;
  Task task{.subject = user.subject(),
            .kind = TaskKind::removal,
            .step = Step::deactivate,
            .document = write_document(now)};
  if (!bench_.tasks.leave_for_later(tx, task, now))
    throw std::logic_error("a guest was erased while something was under way with it");
}

void RemovalSaga::complete(Task& task) const {
  switch (static_cast<Step>(task.step)) {
    case Step::deactivate:
      return do_deactivate(task);
    case Step::look:
      return do_look(task);
    case Step::restore:
      return do_restore(task);
    case Step::erase:
      return do_erase(task);
  }
  throw std::logic_error("a removal has no such step");
}

void RemovalSaga::do_deactivate(Task& task) const {
  const auto done = bench_.api.deactivate(task.subject);
  if (!done) {
    const auto& error = done.error();
    if (error.is("not_found")) return finish_gone(task);
    // It has been registered, and the look tells.
    if (!error.is("out_of_reach")) return retry_later(bench_, task, error);
  }
  task.step = Step::look;
  task.attempts = 0;
  // Longer than any call that was under way can take effect, also one of a driver that is gone.
  give_back_until(bench_, task, bench_.clock.now() + bench_.tasks.lease());
}

void RemovalSaga::do_look(Task& task) const {
  Seen seen = Seen::abandoned;
  try {
    seen = came_back(task) ? Seen::active_again : look_again(task);
  } catch (const ProviderUnavailable& error) {
    spdlog::warn("a guest is not removed yet: {}", error.what());
    return give_back(bench_, task);
  }
  switch (seen) {
    case Seen::gone:
      return finish_gone(task);
    case Seen::abandoned:
      go_on(bench_, task, Step::erase);
      return do_erase(task);
    case Seen::registered:
    case Seen::active_again:
      go_on(bench_, task, Step::restore);
      return do_restore(task);
  }
}

/// Whether the guest was used here since the purge began.
bool RemovalSaga::came_back(const Task& task) const {
  if (!task.user) return false;
  const auto user = bench_.store.read(
      [&](store::Transaction& tx) { return accounts::find_user(tx, *task.user); });
  return user && !is_abandoned(*user, cutoff_of(task));
}

RemovalSaga::Seen RemovalSaga::look_again(const Task& task) const {
  const auto user = bench_.api.find_user(task.subject);
  if (!user) {
    if (user.error().is("not_found")) return Seen::gone;
    if (user.error().is("out_of_reach")) return Seen::registered;
    throw ProviderUnavailable(user.error().detail);
  }
  const auto tags = bench_.api.list_guest_tags(task.subject);
  if (!tags) throw ProviderUnavailable(tags.error().detail);
  const bool registered =
      tags->empty() || user->has_password || user->email != placeholder_email(task.subject);
  return registered ? Seen::registered : Seen::abandoned;
}

void RemovalSaga::do_restore(Task& task) const {
  const auto restored = bench_.api.reactivate(task.subject);
  if (!restored && restored.error().is("not_found")) return finish_gone(task);
  if (!restored && !restored.error().is("out_of_reach"))
    return retry_later(bench_, task, restored.error());
  if (!restored)
    spdlog::error("a user stays deactivated, an administrator has to look: {}",
                  restored.error().detail);

  Seen seen = Seen::registered;
  std::optional<RemoteUser> remote;
  if (restored) {
    seen = look_again(task);
    if (const auto found = bench_.api.find_user(task.subject)) remote = *found;
  }
  const auto now = bench_.clock.now();
  if (!task.user)
    spdlog::warn(
        "a user who registered elsewhere while their guest was merged or erased here can sign in "
        "there, and not here");
  bench_.store.write([&](store::Transaction& tx) {
    finish(tx, task);
    if (!task.user || seen != Seen::registered) return;
    guests::UpgradeElsewhere upgrade{.user = *task.user};
    if (remote) {
      upgrade.given_name = remote->given_name;
      upgrade.family_name = remote->family_name;
      upgrade.email = remote->email;
    }
    bench_.guests.note_upgrade(tx, upgrade, now);
  });
}

void RemovalSaga::do_erase(Task& task) const {
  const auto deleted = bench_.api.delete_user(task.subject);
  if (deleted || deleted.error().is("not_found")) return finish_gone(task);
  if (deleted.error().is("out_of_reach")) {
    go_on(bench_, task, Step::restore);
    return do_restore(task);
  }
  retry_later(bench_, task, deleted.error());
}

void RemovalSaga::finish_gone(const Task& task) const {
  const auto now = bench_.clock.now();
  bench_.store.write([&](store::Transaction& tx) {
    finish(tx, task);
    if (!task.user) return;
    const auto user = accounts::find_user(tx, *task.user);
    if (user && !bench_.guests.erase(tx, *user, guests::EraseReason::purged, now))
      throw std::logic_error("a guest whose purge was under way is being merged");
  });
}

bool RemovalSaga::rescue(const accounts::User& user) const {
  const auto now = bench_.clock.now();
  auto task = bench_.store.write([&](store::Transaction& tx) -> std::optional<Task> {
    auto found = bench_.tasks.find(tx, user.subject(), now);
    if (!found || found->kind != TaskKind::removal || !waits(*found)) return std::nullopt;
    found->step = Step::restore;
    if (!bench_.tasks.take_over(tx, *found, now)) return std::nullopt;
    accounts::touch(tx, user.id, now, base::Milliseconds{0});
    return found;
  });
  if (!task) return false;
  do_restore(*task);
  return true;
}

}  // namespace vestibule::remote
