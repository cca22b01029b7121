#include "accounts/users.h"
#include "zitadel/caller.h"
#include "zitadel/verbs.h"

namespace vestibule::zitadel {
namespace {

using accounts::UserState;

/// What one change of state asks for and does.
struct Step {
  bool (*allowed)(UserState);
  UserState to;
  std::string_view event;
  Error unknown;
  Error wrong_state;
};

const Step& step_of(StateChange change) {
  static const Step deactivate{
      [](UserState state) { return state != UserState::inactive; },
      UserState::inactive,
      "user.deactivated",
      {Code::not_found, "COMMAND-5gp2p62iin", "User could not be found"},
      {Code::failed_precondition, "COMMAND-5gunjw0cd7", "User already inactive"}};
  static const Step reactivate{
      [](UserState state) { return state == UserState::inactive; },
      UserState::active,
      "user.reactivated",
      {Code::not_found, "COMMAND-9hy5kzbuk6", "User could not be found"},
      {Code::failed_precondition, "COMMAND-s5qqcz97hf", "User is not inactive"}};
  static const Step lock{
      [](UserState state) { return state == UserState::active; },
      UserState::locked,
      "user.locked",
      {Code::not_found, "COMMAND-450yxuqrh1", "User could not be found"},
      {Code::failed_precondition, "COMMAND-lgws8wtsqf", "User is not active or initial"}};
  static const Step unlock{[](UserState state) { return state == UserState::locked; },
                           UserState::active,
                           "user.unlocked",
                           {Code::not_found, "COMMAND-x377t913pw", "User could not be found"},
                           {Code::failed_precondition, "COMMAND-olb9vb0oca", "User is not locked"}};
  switch (change) {
    case StateChange::deactivate:
      return deactivate;
    case StateChange::reactivate:
      return reactivate;
    case StateChange::lock:
      return lock;
    case StateChange::unlock:
      break;
  }
  return unlock;
}

}  // namespace

Result<accounts::User> change_state(const Unit& unit, std::string_view subject,
                                    StateChange change) {
  const auto& step = step_of(change);
  auto user = load_permitted(unit.tx, unit.caller, subject, Action::change, step.unknown, unit.now);
  if (!user) return user;
  if (!step.allowed(user->state)) return refuse(step.wrong_state);
  user->state = step.to;
  if (const auto updated = accounts::update_user(unit.tx, *user, unit.now); !updated) {
    return refuse(from_domain(updated.error()));
  }
  if (step.to != UserState::active) {
    accounts::change_standing(unit.tx, unit.context.sessions, user->id, unit.now);
  }
  note(unit, step.event, user->id);
  return user;
}

Result<accounts::User> erase_user(const Unit& unit, std::string_view subject) {
  auto user = load_permitted(unit.tx, unit.caller, subject, Action::erase,
                             refusals::user_unknown_to_delete, unit.now);
  if (!user) return user;
  note(unit, "user.deletion_requested", user->id);
  if (const auto erased =
          unit.context.guests.erase(unit.tx, *user, guests::EraseReason::deleted, unit.now);
      !erased) {
    return refuse(from_domain(erased.error()));
  }
  ++user->sequence;
  user->changed_at = unit.now;
  return user;
}

}  // namespace vestibule::zitadel
