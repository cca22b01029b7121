#include "app/user_commands.h"

#include <boost/json/parse.hpp>
#include <optional>

#include "accounts/directory.h"
#include "accounts/passwords.h"
#include "accounts/standard_claims.h"
#include "app/command_audit.h"
#include "oauth/user_claims.h"

namespace vestibule::app {
namespace {

namespace json = boost::json;
using Result = base::Result<json::object>;

base::Result<json::object> claims_in(const json::object& arguments) {
  const auto* claims = arguments.if_contains("claims");
  if (claims == nullptr) return json::object{};
  if (!claims->is_object()) {
    return base::fail(base::ErrorKind::invalid, "arguments", "claims has to be a JSON object",
                      "claims");
  }
  return claims->as_object();
}

std::string text_in(const json::object& document, std::string_view name) {
  const auto* value = document.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

/// The hash of the new password, if there is one. Slow: before the unit of work.
base::Result<std::optional<std::string>> hash_in(Core& core, const json::object& arguments,
                                                 const json::object& claims) {
  if (!arguments.contains("password")) return std::nullopt;
  const base::Secret password{text_in(arguments, "password")};
  std::vector<std::string> own_words;
  for (const auto* name : {"preferred_username", "email", "given_name", "family_name"}) {
    if (auto word = text_in(claims, name); !word.empty()) own_words.push_back(std::move(word));
  }
  if (auto sound = accounts::check_password(password, own_words, *core.refused.current()); !sound) {
    return std::unexpected(sound.error());
  }
  return accounts::hash_password(password, core.random);
}

base::Result<accounts::User> load_named(store::Transaction& tx, const json::object& arguments) {
  const auto name = text_in(arguments, "user");
  auto user = accounts::find_user_by_subject(tx, name);
  if (!user) {
    const auto id = accounts::find_sign_in_name(tx, name);
    if (id) user = accounts::find_user(tx, *id);
  }
  if (!user)
    return base::fail(base::ErrorKind::not_found, "user_unknown", "There is no such user.");
  return *std::move(user);
}

json::object describe(store::Transaction& tx, const accounts::User& user) {
  const oauth::WantedClaims all{oauth::Scope::parse("profile email address phone")};
  oauth::Client reader;
  reader.organization = user.organization;
  json::object out{{"sub", user.subject()}};
  const auto members = oauth::user_claims(tx, user, all, reader, oauth::Room::answer);
  if (members.empty()) return out;
  for (auto& [name, value] : json::parse("{" + members.substr(1) + "}").as_object()) {
    if (!value.is_null()) out[name] = std::move(value);
  }
  return out;
}

}  // namespace

Result add_user(Core& core, const json::object& arguments) {
  const auto claims = claims_in(arguments);
  if (!claims) return std::unexpected(claims.error());
  if (text_in(*claims, "preferred_username").empty() && text_in(*claims, "email").empty()) {
    return base::fail(base::ErrorKind::invalid, "arguments",
                      "a user needs a preferred_username or an email to sign in with");
  }
  const auto hash = hash_in(core, arguments, *claims);
  if (!hash) return std::unexpected(hash.error());
  const auto now = core.clock.now();
  return core.store->write([&](store::Transaction& tx) -> Result {
    accounts::User user{.id = core.ids.next(now),
                        .organization = core.installation.organization,
                        .created_at = now,
                        .changed_at = now,
                        .active_at = now};
    accounts::Profile profile;
    if (auto applied = accounts::apply_standard_claims(tx, user, profile, *claims, now); !applied) {
      return std::unexpected(applied.error());
    }
    if (auto inserted = accounts::insert_user(tx, user); !inserted) {
      return std::unexpected(inserted.error());
    }
    accounts::set_profile(tx, user.id, profile);
    if (*hash) accounts::set_password_hash(tx, user.id, **hash, now);
    record_operator(tx, "user.created", user.id, now);
    return describe(tx, user);
  });
}

Result set_user(Core& core, const json::object& arguments) {
  const auto claims = claims_in(arguments);
  if (!claims) return std::unexpected(claims.error());
  const auto hash = hash_in(core, arguments, *claims);
  if (!hash) return std::unexpected(hash.error());
  const auto now = core.clock.now();
  return core.store->write([&](store::Transaction& tx) -> Result {
    auto user = load_named(tx, arguments);
    if (!user) return std::unexpected(user.error());
    // A guest becomes somebody by its own upgrade only.
    if (user->standing() != accounts::Standing::account) {
      return base::fail(base::ErrorKind::conflict, "no_account", "This user is no account.");
    }
    auto profile = accounts::find_profile(tx, user->id);
    if (auto applied = accounts::apply_standard_claims(tx, *user, profile, *claims, now);
        !applied) {
      return std::unexpected(applied.error());
    }
    if (auto updated = accounts::update_user(tx, *user, now); !updated) {
      return std::unexpected(updated.error());
    }
    accounts::set_profile(tx, user->id, profile);
    if (*hash) {
      accounts::set_password_hash(tx, user->id, **hash, now);
      accounts::change_standing(tx, core.sessions, user->id, now);
    }
    record_operator(tx, *hash ? "password.set" : "user.updated", user->id, now);
    return describe(tx, *user);
  });
}

Result show_user(Core& core, const json::object& arguments) {
  return core.store->read([&](store::Transaction& tx) -> Result {
    const auto user = load_named(tx, arguments);
    if (!user) return std::unexpected(user.error());
    return describe(tx, *user);
  });
}

}  // namespace vestibule::app
