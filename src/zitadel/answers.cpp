#include "zitadel/answers.h"

#include <array>
#include <boost/json/array.hpp>

#include "accounts/machine_credentials.h"
#include "accounts/passwords.h"
#include "base/encoding.h"

namespace vestibule::zitadel::answers {

namespace json = boost::json;

namespace {

std::string_view state_name(accounts::UserState state) {
  switch (state) {
    case accounts::UserState::active:
      return "USER_STATE_ACTIVE";
    case accounts::UserState::inactive:
      return "USER_STATE_INACTIVE";
    case accounts::UserState::locked:
      return "USER_STATE_LOCKED";
  }
  return "USER_STATE_UNSPECIFIED";
}

std::string_view gender_name(int gender) {
  constexpr std::array<std::string_view, 4> names{"GENDER_UNSPECIFIED", "GENDER_FEMALE",
                                                  "GENDER_MALE", "GENDER_DIVERSE"};
  const bool known = gender >= 0 && static_cast<std::size_t>(gender) < names.size();
  return names[known ? static_cast<std::size_t>(gender) : 0];
}

void add_text(json::object& object, std::string_view name, const std::optional<std::string>& text) {
  if (text && !text->empty()) object[name] = *text;
}

// Only names that lead to the user are login names; every user has a name to be called by.
void add_names(json::object& object, const accounts::User& user, std::string_view name_key) {
  object[name_key] = user.preferred_username();
  if (!user.username) return;
  object["loginNames"] = json::array{*user.username};
  object["preferredLoginName"] = *user.username;
}

json::object human(store::Transaction& tx, const accounts::User& user) {
  json::object profile;
  add_text(profile, "givenName", user.given_name);
  add_text(profile, "familyName", user.family_name);
  profile["nickName"] = user.nick_name.value_or("");
  profile["displayName"] = user.full_name();
  profile["preferredLanguage"] = user.preferred_language.value_or("und");
  profile["gender"] = gender_name(user.gender);
  json::object email;
  add_text(email, "email", user.email);
  if (user.email_verified()) email["isVerified"] = true;
  json::object phone;
  add_text(phone, "phone", user.phone);
  if (user.phone_verified != 0) phone["isVerified"] = true;
  json::object human{
      {"profile", std::move(profile)}, {"email", std::move(email)}, {"phone", std::move(phone)}};
  if (user.password_changed_at) human["passwordChanged"] = timestamp(*user.password_changed_at);
  if (accounts::is_renewal_due(tx, user.id)) human["passwordChangeRequired"] = true;
  return human;
}

json::object human_v1(const accounts::User& user) {
  json::object profile;
  add_text(profile, "firstName", user.given_name);
  add_text(profile, "lastName", user.family_name);
  add_text(profile, "nickName", user.nick_name);
  profile["displayName"] = user.full_name();
  profile["preferredLanguage"] = user.preferred_language.value_or("und");
  profile["gender"] = gender_name(user.gender);
  json::object email;
  add_text(email, "email", user.email);
  if (user.email_verified()) email["isEmailVerified"] = true;
  return {{"profile", std::move(profile)}, {"email", std::move(email)}};
}

json::object machine(const accounts::User& user) {
  return {{"name", user.full_name()}};
}

}  // namespace

std::string timestamp(base::Time time) {
  auto text = base::to_rfc3339(time);
  text.insert(text.size() - 1, "000");
  return text;
}

json::object change_details(const accounts::User& user) {
  return {{"sequence", base::to_decimal(user.sequence)},
          {"changeDate", timestamp(user.changed_at)},
          {"resourceOwner", base::to_string(user.organization)}};
}

json::object details(const accounts::User& user) {
  auto all = change_details(user);
  all["creationDate"] = timestamp(user.created_at);
  return all;
}

json::object user(store::Transaction& tx, const accounts::User& user) {
  json::object body{
      {"userId", user.subject()}, {"details", details(user)}, {"state", state_name(user.state)}};
  add_names(body, user, "username");
  if (user.kind == accounts::UserKind::machine) {
    auto about = machine(user);
    const auto description = accounts::find_machine_description(tx, user.id);
    if (!description.empty()) about["description"] = description;
    if (accounts::has_machine_secret(tx, user.id)) about["hasSecret"] = true;
    body["machine"] = std::move(about);
  } else {
    body["human"] = human(tx, user);
  }
  return body;
}

json::object user_v1(const accounts::User& user) {
  json::object body{
      {"id", user.subject()}, {"details", details(user)}, {"state", state_name(user.state)}};
  add_names(body, user, "userName");
  if (user.kind == accounts::UserKind::machine) {
    body["machine"] = machine(user);
  } else {
    body["human"] = human_v1(user);
  }
  return body;
}

json::object organization(const accounts::Organization& organization) {
  const auto made = timestamp(organization.created_at);
  return {{"id", base::to_string(organization.id)},
          {"details",
           {{"sequence", "1"},
            {"creationDate", made},
            {"changeDate", made},
            {"resourceOwner", base::to_string(organization.id)}}},
          {"state", "ORG_STATE_ACTIVE"},
          {"name", organization.name},
          {"primaryDomain", organization.primary_domain}};
}

json::object metadata(const accounts::Metadata& metadata) {
  return {{"creationDate", timestamp(metadata.created_at)},
          {"changeDate", timestamp(metadata.changed_at)},
          {"key", metadata.key},
          {"value", base::to_base64(metadata.value)}};
}

}  // namespace vestibule::zitadel::answers
