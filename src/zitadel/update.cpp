#include <tuple>

#include "accounts/api_codes.h"
#include "accounts/emails.h"
#include "accounts/machine_credentials.h"
#include "accounts/passwords.h"
#include "accounts/users.h"
#include "base/text.h"
#include "zitadel/caller.h"
#include "zitadel/changes.h"
#include "zitadel/verbs.h"

namespace vestibule::zitadel {
namespace {

Result<accounts::User> load_for_update(const Unit& unit, const UpdateRequest& request) {
  const bool is_password = request.password && !request.username && !request.profile &&
                           !request.email && !request.phone && !request.machine_name &&
                           !request.machine_description;
  auto user = load_permitted(
      unit.tx, unit.caller, request.user_id, Action::change,
      is_password ? refusals::user_unknown_to_password : refusals::user_unknown_to_update,
      unit.now);
  if (!user) return user;
  if (user->standing() == accounts::Standing::merging) return refuse(refusals::merging);
  if (user->kind != accounts::UserKind::human &&
      (request.profile || request.email || request.phone || request.password)) {
    return refuse(refusals::not_human);
  }
  if (user->kind != accounts::UserKind::machine &&
      (request.machine_name || request.machine_description)) {
    return refuse(refusals::not_machine);
  }
  return user;
}

bool is_same_address(const accounts::User& user, const std::string& address) {
  return user.email && base::email_key(*user.email) == base::email_key(address);
}

// The same address again never takes back what is known of it.
bool is_new(const EmailChange& change, const accounts::User& user) {
  if (!is_same_address(user, change.address)) return true;
  return !user.email_verified() && change.proof != EmailProof::none;
}

bool differ(const accounts::User& a, const accounts::User& b) {
  const auto written = [](const accounts::User& u) {
    return std::tie(u.username, u.given_name, u.family_name, u.nick_name, u.display_name,
                    u.preferred_language, u.gender, u.phone, u.phone_verified, u.email,
                    u.email_state);
  };
  return written(a) != written(b);
}

Result<void> judge(accounts::CodeVerdict verdict) {
  switch (verdict) {
    case accounts::CodeVerdict::good:
      return {};
    case accounts::CodeVerdict::wrong:
      return refuse(refusals::reset_code_wrong);
    case accounts::CodeVerdict::unknown:
      break;
  }
  return refuse(refusals::code_unknown);
}

Result<void> store_password(const Unit& unit, accounts::User& user, const PasswordChange& change,
                            const SlowWork& work) {
  if (change.code) {
    const auto used = accounts::consume_code(unit.tx, accounts::CodePurpose::password, user.id, "",
                                             *change.code, unit.now);
    if (auto good = judge(used); !good) return good;
  }
  if (change.current) {
    // What was verified outside this transaction is still what is stored.
    const auto stored = accounts::find_password_hash(unit.tx, user.id);
    if (!stored || stored != work.verified_hash) return refuse(refusals::password_raced);
  }
  accounts::set_password_hash(unit.tx, user.id, work.next_hash, unit.now, change.renewal);
  user.password_changed_at = unit.now;
  return {};
}

void become_account(const Unit& unit, accounts::User& user) {
  accounts::become_account(unit.tx, user, unit.caller.user.id, unit.now);
  note(unit, events::guest_upgraded, user.id);
  unit.context.outbox.add(unit.tx, events::guest_upgraded, user.id, {{"sub", user.subject()}},
                          unit.now);
}

}  // namespace

Result<Changed> update_user(const Unit& unit, const UpdateRequest& request, const SlowWork& work) {
  auto loaded = load_for_update(unit, request);
  if (!loaded) return std::unexpected(std::move(loaded.error()));
  const accounts::User before = *loaded;
  Changed changed{.user = std::move(*loaded)};
  accounts::User& user = changed.user;

  if (request.username) user.username = request.username;
  if (request.profile) apply(*request.profile, user);
  if (request.phone) apply(*request.phone, user);
  if (request.machine_name) user.display_name = request.machine_name;
  if (auto sound = check_texts(user); !sound) return std::unexpected(std::move(sound.error()));
  const bool moves = request.email && !is_same_address(user, request.email->address);
  if (request.email && is_new(*request.email, user)) apply(unit, *request.email, user);
  mint_codes(unit, request.email, request.phone, changed);
  const bool redescribes =
      request.machine_description &&
      *request.machine_description != accounts::find_machine_description(unit.tx, user.id);
  if (!request.password && !redescribes && !differ(before, user)) return changed;

  if (redescribes) {
    accounts::set_machine_description(unit.tx, user.id, *request.machine_description);
  }

  if (request.password) {
    if (auto stored = store_password(unit, user, *request.password, work); !stored) {
      return std::unexpected(std::move(stored.error()));
    }
  }
  if (const auto updated = accounts::update_user(unit.tx, user, unit.now); !updated) {
    return refuse(from_domain(updated.error()));
  }
  // Invariant 2: a credential or another address makes an account of a guest.
  const bool upgrades = user.is_guest() && (request.password || moves);
  if (upgrades) {
    become_account(unit, user);
  } else {
    note(unit, request.password ? "password.set" : "user.updated", user.id);
  }
  // Invariant 6: what was signed in before the upgrade or the new password is so no more. Tokens of
  // the caller's own application, which belong to no session, stay good while it registers somebody
  // (recorded as 46-userinfo-*-after-upgrade): it has no other for this person.
  if (upgrades || (request.password && is_finishing(unit.caller, before, unit.now))) {
    unit.context.sessions.end_all(unit.tx, user.id, unit.now);
  } else if (request.password) {
    accounts::change_standing(unit.tx, unit.context.sessions, user.id, unit.now);
  }
  note_activity(unit, user.id);
  return changed;
}

Result<std::optional<std::string>> prepare_password(const Unit& unit,
                                                    const UpdateRequest& request) {
  const auto user = load_for_update(unit, request);
  if (!user) return std::unexpected(user.error());
  if (const auto& code = request.password->code) {
    const auto verdict = accounts::check_code(unit.tx, accounts::CodePurpose::password, user->id,
                                              "", *code, unit.now);
    if (auto good = judge(verdict); !good) return std::unexpected(std::move(good.error()));
  }
  if (!request.password->current) return std::optional<std::string>{};
  auto stored = accounts::find_password_hash(unit.tx, user->id);
  if (!stored) return refuse(refusals::password_not_set);
  return stored;
}

}  // namespace vestibule::zitadel
