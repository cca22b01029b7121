#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/encoding.h"
#include "base/text.h"
#include "http/headers.h"
#include "remote/members.h"
#include "remote/zitadel_client.h"
#include "remote/zitadel_paths.h"

// The calls of the user API (zitadel.user.v2.UserService). All but CreateUser are made over REST,
// which every ZITADEL of version 2 and later has.
namespace vestibule::remote {

namespace json = boost::json;

namespace {

constexpr std::string_view tag_prefix = "GUEST_";
/// What ZITADEL's guide stores under the key; nobody reads it.
constexpr std::string_view tag_value = "created";
/// Of ZITADEL's names, in code points.
constexpr std::size_t longest_name = 200;

std::string user_path(const std::string& id, std::string_view rest = {}) {
  return std::string(paths::users) + "/" + base::percent_encode(id) + std::string(rest);
}

/// Otherwise the user would go on being shown as "Guest User".
std::string display_name(const Registration& registration) {
  auto whole = registration.given_name + " " + registration.family_name;
  const auto length = base::count_code_points(whole);
  return length && *length <= longest_name ? whole : registration.given_name;
}

/// ZITADEL tells of each change when it was made; a 200 that does not may be anybody's.
Called<void> done(const Question& question, const Answered& answer) {
  if (!answer) return std::unexpected(answer.error().error);
  const auto body = read_object(question, *answer);
  if (!body) return std::unexpected(body.error());
  bool wrong = false;
  const Members members(*body, wrong);
  const bool told = members.child("details").time("changeDate") || members.time("deletionDate");
  if (wrong || !told) return std::unexpected(malformed(question, answer->status));
  return {};
}

/// As `done`, for what is asked to go away and may have gone already.
Called<void> gone(const Question& question, const Answered& answer) {
  if (!answer && answer.error().error.is("not_found")) return {};
  return done(question, answer);
}

RemoteState state_of(std::string_view name) {
  if (name == "USER_STATE_ACTIVE") return RemoteState::active;
  if (name == "USER_STATE_INACTIVE") return RemoteState::inactive;
  if (name == "USER_STATE_LOCKED") return RemoteState::locked;
  return RemoteState::other;
}

RemoteUser read_user(const Members& user) {
  const auto details = user.child("details");
  const auto human = user.child("human");
  const auto profile = human.child("profile");
  const auto email = human.child("email");
  return {.id = user.text("userId"),
          .organization = details.text("resourceOwner"),
          .state = state_of(user.text("state")),
          .username = user.text("username"),
          .given_name = profile.text("givenName"),
          .family_name = profile.text("familyName"),
          .email = email.text("email"),
          .email_verified = email.flag("isVerified"),
          .has_password = human.time("passwordChanged").has_value(),
          .changed_at = details.time("changeDate")};
}

}  // namespace

Called<void> ZitadelClient::create_guest(const NewGuest& guest) {
  const Question question{.call = "CreateUser", .hidden = {guest.username, guest.email}};
  const json::object human{
      {"profile", {{"givenName", guest.given_name}, {"familyName", guest.family_name}}},
      {"email", {{"email", guest.email}, {"isVerified", true}}},
      {"metadata", json::array{{{"key", guest.tag}, {"value", base::to_base64(tag_value)}}}}};
  const json::object body{{"organizationId", options_.organization},
                          {"userId", guest.id},
                          {"username", guest.username},
                          {"human", human}};
  const auto answer = call_as_service({.question = question,
                                       .method = "POST",
                                       .path = std::string(paths::create_user),
                                       .body = json::serialize(body)});
  if (!answer) return std::unexpected(answer.error().error);
  const auto created = read_object(question, *answer);
  if (!created) return std::unexpected(created.error());
  bool wrong = false;
  const auto id = Members(*created, wrong).text("id");
  if (wrong || id != guest.id) return std::unexpected(malformed(question, answer->status));
  return {};
}

Called<RemoteUser> ZitadelClient::find_user(const std::string& id) {
  const Question question{.call = "GetUserByID"};
  const auto answer =
      call_as_service({.question = question, .method = "GET", .path = user_path(id)});
  if (!answer) return std::unexpected(answer.error().error);
  const auto body = read_object(question, *answer);
  if (!body) return std::unexpected(body.error());
  bool wrong = false;
  auto user = read_user(Members(*body, wrong).child("user"));
  if (wrong || user.id != id) return std::unexpected(malformed(question, answer->status));
  return user;
}

Called<std::vector<std::string>> ZitadelClient::list_guest_tags(const std::string& id) {
  const Question question{.call = "ListUserMetadata"};
  const json::object filter{{"key", tag_prefix}, {"method", "TEXT_FILTER_METHOD_STARTS_WITH"}};
  const json::object body{{"filters", json::array{{{"keyFilter", filter}}}}};
  const auto answer = call_as_service({.question = question,
                                       .method = "POST",
                                       .path = user_path(id, "/metadata/search"),
                                       .body = json::serialize(body)});
  if (!answer) return std::unexpected(answer.error().error);
  const auto found = read_object(question, *answer);
  if (!found) return std::unexpected(found.error());
  // Without tags there is no `metadata`; that it is a search's answer at all, `pagination` shows.
  bool wrong = !found->contains("pagination");
  std::vector<std::string> tags;
  for (const auto& entry : Members(*found, wrong).children("metadata")) {
    auto key = entry.text("key");
    if (key.starts_with(tag_prefix)) tags.push_back(std::move(key));
  }
  if (wrong) return std::unexpected(malformed(question, answer->status));
  return tags;
}

Called<void> ZitadelClient::register_user(const std::string& id, const Registration& registration) {
  const Question question{.call = "UpdateHumanUser",
                          .hidden = {registration.password.reveal(), registration.email,
                                     registration.given_name, registration.family_name}};
  const json::object password{{"password", registration.password.reveal()},
                              {"changeRequired", false}};
  const json::object body{{"profile",
                           {{"givenName", registration.given_name},
                            {"familyName", registration.family_name},
                            {"displayName", display_name(registration)}}},
                          {"email", {{"email", registration.email}, {"sendCode", json::object{}}}},
                          {"password", {{"password", password}}}};
  const auto answer =
      call_as_service({.question = question,
                       .method = "PUT",
                       .path = std::string(paths::users) + "/human/" + base::percent_encode(id),
                       .body = json::serialize(body)});
  return done(question, answer);
}

Called<void> ZitadelClient::delete_tag(const std::string& id, const std::string& tag) {
  const Question question{.call = "DeleteUserMetadata"};
  const auto answer =
      call_as_service({.question = question,
                       .method = "DELETE",
                       .path = user_path(id, "/metadata?keys=" + base::percent_encode(tag))});
  return gone(question, answer);
}

Called<void> ZitadelClient::deactivate(const std::string& id) {
  return change_state({.call = "DeactivateUser"}, id, "/deactivate", "COMMAND-5gunjw0cd7");
}

Called<void> ZitadelClient::reactivate(const std::string& id) {
  return change_state({.call = "ReactivateUser"}, id, "/reactivate", "COMMAND-s5qqcz97hf");
}

/// `already` is the id of the refusal that says that there is nothing to do: other states are
/// refused with the same code.
Called<void> ZitadelClient::change_state(Question question, const std::string& id,
                                         std::string_view verb, std::string_view already) {
  const auto answer = call_as_service(
      {.question = question, .method = "POST", .path = user_path(id, verb), .body = "{}"});
  if (!answer && answer.error().id == already) return {};
  return done(question, answer);
}

Called<void> ZitadelClient::delete_user(const std::string& id) {
  const Question question{.call = "DeleteUser"};
  const auto answer =
      call_as_service({.question = question, .method = "DELETE", .path = user_path(id)});
  return gone(question, answer);
}

Called<std::string> ZitadelClient::whoami(const base::Secret& bearer) {
  const Question question{.call = "GetMyUser", .hidden = {bearer.reveal()}};
  if (bearer.empty() || !http::valid_field_value(bearer.reveal())) {
    return std::unexpected(CallError{.kind = CallError::Kind::refused,
                                     .status = 0,
                                     .code = "unauthenticated",
                                     .detail = "GetMyUser: not a token"});
  }
  const auto answer =
      call({.question = question, .method = "GET", .path = std::string(paths::myself)}, bearer);
  if (!answer) return std::unexpected(answer.error().error);
  const auto body = read_object(question, *answer);
  if (!body) return std::unexpected(body.error());
  bool wrong = false;
  auto id = Members(*body, wrong).child("user").text("id");
  if (wrong || id.empty()) return std::unexpected(malformed(question, answer->status));
  return id;
}

}  // namespace vestibule::remote
