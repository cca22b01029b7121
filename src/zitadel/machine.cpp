#include "zitadel/machine.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "accounts/users.h"
#include "base/encoding.h"
#include "zitadel/answers.h"
#include "zitadel/caller.h"

namespace vestibule::zitadel {
namespace {

namespace json = boost::json;

Result<accounts::User> load_machine(const Unit& unit, std::string_view subject,
                                    const Error& unknown) {
  if (auto allowed = check_administrator(unit.caller); !allowed) return refuse(allowed.error());
  auto user = accounts::find_user_by_subject(unit.tx, subject);
  if (!user) return refuse(unknown);
  if (user->kind != accounts::UserKind::machine) return refuse(refusals::wrong_user_type);
  return std::move(*user);
}

/// As at ZITADEL an absent date is the beginning of time.
Result<base::Time> check_expiry(const Unit& unit, const std::optional<base::Time>& expires_at) {
  if (!expires_at || *expires_at <= unit.now) return refuse(refusals::expired_already);
  return *expires_at;
}

Result<std::string> read_public_key(const std::string& pem) {
  const auto key = jose::PublicKey::from_pem(pem);
  if (!key || !key->fits(jose::Algorithm::rs256)) return refuse(refusals::key_malformed);
  return key->to_jwk();
}

}  // namespace

Result<accounts::PersonalToken> add_personal_token(const Unit& unit, std::string_view subject,
                                                   const std::optional<base::Time>& expires_at) {
  const auto user = load_machine(unit, subject, refusals::user_unknown_to_token);
  if (!user) return std::unexpected(user.error());
  const auto expiry = check_expiry(unit, expires_at);
  if (!expiry) return std::unexpected(expiry.error());
  note(unit, "personal_token.added", user->id);
  return accounts::add_personal_token(unit.tx, user->id, *expiry,
                                      unit.context.ids.next(unit.now).value, unit.context.random,
                                      unit.now);
}

Result<void> remove_personal_token(const Unit& unit, std::string_view subject,
                                   std::string_view token_id) {
  const auto user = load_machine(unit, subject, refusals::token_unknown);
  if (!user) return std::unexpected(user.error());
  const auto id = base::from_decimal(token_id);
  if (!id || !accounts::delete_personal_token(unit.tx, user->id, *id)) {
    return refuse(refusals::token_unknown);
  }
  note(unit, "personal_token.removed", user->id);
  return {};
}

Result<void> check_key_request(const Unit& unit, const KeyRequest& request) {
  if (auto user = load_machine(unit, request.user_id, refusals::user_unknown_to_key); !user) {
    return std::unexpected(std::move(user.error()));
  }
  if (!request.public_key.empty()) {
    if (auto key = read_public_key(request.public_key); !key) {
      return std::unexpected(std::move(key.error()));
    }
  }
  if (auto expiry = check_expiry(unit, request.expires_at); !expiry) {
    return std::unexpected(std::move(expiry.error()));
  }
  return {};
}

Result<NewKey> add_key(const Unit& unit, const KeyRequest& request,
                       const std::optional<jose::PrivateKey>& made) {
  if (auto sound = check_key_request(unit, request); !sound) {
    return std::unexpected(std::move(sound.error()));
  }
  const auto user = accounts::find_user_by_subject(unit.tx, request.user_id).value();
  NewKey key{.id = base::to_string(unit.context.ids.next(unit.now))};
  const auto jwk = request.public_key.empty() ? made.value().public_key().to_jwk()
                                              : read_public_key(request.public_key).value();
  if (request.public_key.empty()) {
    key.file = base::Secret(
        json::serialize(json::object{{"type", "serviceaccount"},
                                     {"keyId", key.id},
                                     {"key", made->to_pem().reveal()},
                                     {"expirationDate", answers::timestamp(*request.expires_at)},
                                     {"userId", user.subject()}}));
  }
  accounts::add_machine_key(unit.tx, key.id, user.id, jwk, *request.expires_at, unit.now);
  note(unit, "machine_key.added", user.id);
  return key;
}

Result<void> remove_key(const Unit& unit, std::string_view subject, std::string_view key_id) {
  const auto user = load_machine(unit, subject, refusals::key_unknown);
  if (!user) return std::unexpected(user.error());
  if (!accounts::delete_machine_key(unit.tx, user->id, key_id)) {
    return refuse(refusals::key_unknown);
  }
  note(unit, "machine_key.removed", user->id);
  return {};
}

Result<base::Secret> add_secret(const Unit& unit, std::string_view subject) {
  const auto user = load_machine(unit, subject, refusals::user_unknown_to_secret);
  if (!user) return std::unexpected(user.error());
  note(unit, "machine_secret.added", user->id);
  return accounts::set_machine_secret(unit.tx, user->id, unit.context.random, unit.now);
}

Result<void> remove_secret(const Unit& unit, std::string_view subject) {
  const auto user = load_machine(unit, subject, refusals::user_unknown_to_secrets_end);
  if (!user) return std::unexpected(user.error());
  if (!accounts::delete_machine_secret(unit.tx, user->id)) return refuse(refusals::secret_unknown);
  note(unit, "machine_secret.removed", user->id);
  return {};
}

}  // namespace vestibule::zitadel
