#include "zitadel/operations.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <memory>

#include "accounts/organizations.h"
#include "oauth/impersonation.h"
#include "zitadel/answers.h"
#include "zitadel/caller.h"
#include "zitadel/messages.h"

namespace vestibule::zitadel {

namespace json = boost::json;

namespace {

using accounts::User;
using Answer = std::string (*)(const User&);

std::string write(const json::object& body) {
  return json::serialize(body);
}
std::string answer_details(const User& user) {
  return write({{"details", answers::change_details(user)}});
}
std::string answer_change(const User& user) {
  return write({{"changeDate", answers::timestamp(user.changed_at)}});
}
std::string answer_created(const User& user) {
  return write({{"id", user.subject()}, {"creationDate", answers::timestamp(user.created_at)}});
}
std::string answer_added(const User& user) {
  return write({{"userId", user.subject()}, {"details", answers::change_details(user)}});
}

Result<std::string> answered(const Result<User>& user, Answer answer) {
  if (!user) return refuse(user.error());
  return answer(*user);
}

/// A plan that needs nothing but its unit.
template <class Run>
Plan plain(Run run) {
  return {
      .run = [run = std::move(run)](const Unit& unit, const PasswordWork&) { return run(unit); }};
}

/// Creation, by either message.
auto creating(Result<CreateRequest> (*read)(const Record&), Answer answer) {
  return [read, answer](const Record& record) -> Result<Plan> {
    auto parsed = read(record);
    if (!parsed) return refuse(parsed.error());
    const auto request = std::make_shared<const CreateRequest>(std::move(*parsed));
    Plan plan;
    plan.run = [request, answer](const Unit& unit, const PasswordWork& passwords) {
      return answered(create_user(unit, *request, passwords), answer);
    };
    if (!request->password) return plan;
    plan.password = &*request->password;
    // Only an administrator makes users that are no guests, and guests have no password.
    plan.prepare = [](const Unit& unit) -> Result<std::optional<std::string>> {
      if (auto allowed = check_administrator(unit.caller); !allowed) return refuse(allowed.error());
      return std::optional<std::string>{};
    };
    return plan;
  };
}

/// Updates, by any of the three messages.
auto updating(Result<UpdateRequest> (*read)(const Record&), Answer answer) {
  return [read, answer](const Record& record) -> Result<Plan> {
    auto parsed = read(record);
    if (!parsed) return refuse(parsed.error());
    const auto request = std::make_shared<const UpdateRequest>(std::move(*parsed));
    Plan plan;
    plan.run = [request, answer](const Unit& unit, const PasswordWork& passwords) {
      return answered(update_user(unit, *request, passwords), answer);
    };
    if (!request->password) return plan;
    plan.password = &*request->password;
    plan.prepare = [request](const Unit& unit) { return prepare_password(unit, *request); };
    return plan;
  };
}

Result<Plan> reading_user(const Record& record) {
  return plain([id = record.text_or_empty("userId")](const Unit& unit) -> Result<std::string> {
    const auto user = load_permitted(unit.tx, unit.caller, id, Action::read,
                                     refusals::user_unknown_to_query, unit.now);
    if (!user) return refuse(user.error());
    return write({{"details", answers::details(*user)}, {"user", answers::user(*user)}});
  });
}

Result<Plan> erasing(const Record& record) {
  return plain([id = record.text_or_empty("userId")](const Unit& unit) {
    return answered(erase_user(unit, id), answer_details);
  });
}

Result<Plan> adding_token(const Record& record) {
  const auto request = read_add_personal_token(record);
  if (!request) return refuse(request.error());
  return plain([request = *request](const Unit& unit) -> Result<std::string> {
    const auto token = add_personal_token(unit, request);
    if (!token) return refuse(token.error());
    return write({{"creationDate", answers::timestamp(token->created_at)},
                  {"tokenId", base::to_decimal(token->id)},
                  {"token", token->token.reveal()}});
  });
}

auto changing_state(StateChange change) {
  return [change](const Record& record) -> Result<Plan> {
    return plain([change, id = record.text_or_empty("userId")](const Unit& unit) {
      return answered(change_state(unit, id, change), answer_details);
    });
  };
}

Result<Plan> listing_users(const Record& record) {
  return plain([record](const Unit& unit) -> Result<std::string> {
    const auto page = list_users(unit, record);
    if (!page) return refuse(page.error());
    json::object details;
    if (page->total > 0) {
      details["totalResult"] = base::to_decimal(static_cast<std::int64_t>(page->total));
    }
    details["timestamp"] = answers::timestamp(unit.now);
    json::object body{{"details", std::move(details)}};
    json::array users;
    for (const auto& user : page->users) users.push_back(answers::user(user));
    if (!users.empty()) body["result"] = std::move(users);
    return write(body);
  });
}

Result<Plan> listing_metadata(const Record& record) {
  return plain([record](const Unit& unit) -> Result<std::string> {
    const auto page = list_metadata(unit, record);
    if (!page) return refuse(page.error());
    json::object pagination;
    if (page->total > 0) {
      pagination["totalResult"] = base::to_decimal(static_cast<std::int64_t>(page->total));
    }
    pagination["appliedLimit"] = base::to_decimal(static_cast<std::int64_t>(page->applied_limit));
    json::object body{{"pagination", std::move(pagination)}};
    json::array entries;
    for (const auto& entry : page->entries) entries.push_back(answers::metadata(entry));
    if (!entries.empty()) body["metadata"] = std::move(entries);
    return write(body);
  });
}

Result<Plan> setting_metadata(const Record& record) {
  return plain([id = record.text_or_empty("userId"),
                entries = read_metadata(record)](const Unit& unit) -> Result<std::string> {
    if (auto set = set_metadata(unit, id, entries); !set) return refuse(set.error());
    return write({{"setDate", answers::timestamp(unit.now)}});
  });
}

Result<Plan> deleting_metadata(const Record& record) {
  return plain([id = record.text_or_empty("userId"),
                keys = record.texts("keys")](const Unit& unit) -> Result<std::string> {
    if (auto deleted = delete_metadata(unit, id, keys); !deleted) return refuse(deleted.error());
    return write({{"deletionDate", answers::timestamp(unit.now)}});
  });
}

Result<Plan> reading_security(const Record&) {
  return plain([](const Unit& unit) -> Result<std::string> {
    if (auto allowed = check_administrator(unit.caller); !allowed) return refuse(allowed.error());
    json::object settings{{"embeddedIframe", json::object{}}};
    if (oauth::impersonation_policy(unit.tx) == oauth::Impersonation::enabled) {
      settings["enableImpersonation"] = true;
    }
    return write({{"settings", std::move(settings)}});
  });
}

Result<Plan> setting_security(const Record& record) {
  const auto policy = record.flag("enableImpersonation").value_or(false)
                          ? oauth::Impersonation::enabled
                          : oauth::Impersonation::disabled;
  return plain([policy](const Unit& unit) -> Result<std::string> {
    if (auto allowed = check_administrator(unit.caller); !allowed) return refuse(allowed.error());
    oauth::set_impersonation_policy(unit.tx, policy);
    const bool on = policy == oauth::Impersonation::enabled;
    note(unit, on ? "impersonation.enabled" : "impersonation.disabled", unit.caller.user.id);
    return write({{"details",
                   {{"sequence", "1"},
                    {"changeDate", answers::timestamp(unit.now)},
                    {"resourceOwner", base::to_string(unit.caller.user.organization)}}}});
  });
}

Result<Plan> reading_myself(const Record&) {
  return plain([](const Unit& unit) -> Result<std::string> {
    return write({{"user", answers::user_v1(unit.caller.user)}});
  });
}

Result<Plan> reading_my_organization(const Record&) {
  return plain([](const Unit& unit) -> Result<std::string> {
    if (unit.caller.roles.empty()) return refuse(refusals::no_membership);
    const auto found = accounts::find_organization(unit.tx, unit.caller.user.organization);
    if (!found) return refuse(refusals::organization_unknown);
    return write({{"org", answers::organization(*found)}});
  });
}

}  // namespace

const std::vector<Operation>& operations() {
  namespace m = messages;
  static const std::vector<Operation> all{
      // procedure, REST, message, what it does
      {"CreateUser", "POST", "/v2/users/new", &m::create_user, "user.CreateUserRequest",
       Work::write, creating(read_create_user, answer_created)},
      {"AddHumanUser", "POST", "/v2/users/human", &m::add_human_user, "user.AddHumanUserRequest",
       Work::write, creating(read_add_human_user, answer_added)},
      {"GetUserByID", "GET", "/v2/users/{user_id}", &m::get_user_by_id, "user.GetUserByIDRequest",
       Work::point_read, reading_user},
      {"ListUsers", "POST", "/v2/users", &m::list_users, "user.ListUsersRequest", Work::scan,
       listing_users},
      {"UpdateUser", "PATCH", "/v2/users/{user_id}", &m::update_user, "user.UpdateUserRequest",
       Work::write, updating(read_update_user, answer_change)},
      {"UpdateHumanUser", "PUT", "/v2/users/human/{user_id}", &m::update_human_user,
       "user.UpdateHumanUserRequest", Work::write,
       updating(read_update_human_user, answer_details)},
      {"SetPassword", "POST", "/v2/users/{user_id}/password", &m::set_password,
       "user.SetPasswordRequest", Work::write, updating(read_set_password, answer_details)},
      {"DeleteUser", "DELETE", "/v2/users/{user_id}", &m::delete_user, "user.DeleteUserRequest",
       Work::write, erasing},
      {"AddPersonalAccessToken", "POST", "/v2/users/{user_id}/pats", &m::add_personal_access_token,
       "user.AddPersonalAccessTokenRequest", Work::write, adding_token},
      {"DeactivateUser", "POST", "/v2/users/{user_id}/deactivate", &m::deactivate_user,
       "user.DeactivateUserRequest", Work::write, changing_state(StateChange::deactivate)},
      {"ReactivateUser", "POST", "/v2/users/{user_id}/reactivate", &m::reactivate_user,
       "user.ReactivateUserRequest", Work::write, changing_state(StateChange::reactivate)},
      {"LockUser", "POST", "/v2/users/{user_id}/lock", &m::lock_user, "user.LockUserRequest",
       Work::write, changing_state(StateChange::lock)},
      {"UnlockUser", "POST", "/v2/users/{user_id}/unlock", &m::unlock_user,
       "user.UnlockUserRequest", Work::write, changing_state(StateChange::unlock)},
      {"ListUserMetadata", "POST", "/v2/users/{user_id}/metadata/search", &m::list_user_metadata,
       "user.ListUserMetadataRequest", Work::point_read, listing_metadata},
      {"SetUserMetadata", "POST", "/v2/users/{user_id}/metadata", &m::set_user_metadata,
       "user.SetUserMetadataRequest", Work::write, setting_metadata},
      {"DeleteUserMetadata", "DELETE", "/v2/users/{user_id}/metadata", &m::delete_user_metadata,
       "user.DeleteUserMetadataRequest", Work::write, deleting_metadata},
      {"", "GET", "/v2/settings/security", &m::empty, "settings.GetSecuritySettingsRequest",
       Work::point_read, reading_security},
      {"", "PUT", "/v2/policies/security", &m::set_security_settings,
       "settings.SetSecuritySettingsRequest", Work::write, setting_security},
      {"", "GET", "/auth/v1/users/me", &m::empty, "auth.GetMyUserRequest", Work::point_read,
       reading_myself},
      {"", "GET", "/management/v1/orgs/me", &m::empty, "management.GetMyOrgRequest",
       Work::point_read, reading_my_organization},
  };
  return all;
}

}  // namespace vestibule::zitadel
