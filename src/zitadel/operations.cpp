#include "zitadel/operations.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <memory>

#include "accounts/organizations.h"
#include "zitadel/answers.h"
#include "zitadel/caller.h"
#include "zitadel/messages.h"
#include "zitadel/operation_parts.h"

namespace vestibule::zitadel {

namespace json = boost::json;

namespace {

using accounts::User;
using operation_parts::add_code;
using operation_parts::answer_details;
using operation_parts::plain;
using operation_parts::write;
using Answer = json::object (*)(const User&);

json::object details_body(const User& user) {
  return {{"details", answers::change_details(user)}};
}
json::object change_body(const User& user) {
  return {{"changeDate", answers::timestamp(user.changed_at)}};
}
json::object created_body(const User& user) {
  return {{"id", user.subject()}, {"creationDate", answers::timestamp(user.created_at)}};
}
json::object added_body(const User& user) {
  return {{"userId", user.subject()}, {"details", answers::change_details(user)}};
}

Result<std::string> answered(const Result<Changed>& changed, Answer answer) {
  if (!changed) return refuse(changed.error());
  auto body = answer(changed->user);
  add_code(body, "emailCode", changed->email_code);
  add_code(body, "phoneCode", changed->phone_code);
  return write(body);
}

/// Creation, by either message.
auto creating(Result<CreateRequest> (*read)(const Record&), Answer answer) {
  return [read, answer](const Record& record) -> Result<Plan> {
    auto parsed = read(record);
    if (!parsed) return refuse(parsed.error());
    const auto request = std::make_shared<const CreateRequest>(std::move(*parsed));
    Plan plan;
    plan.run = [request, answer](const Unit& unit, const SlowWork& work) {
      return answered(create_user(unit, *request, work), answer);
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
    plan.run = [request, answer](const Unit& unit, const SlowWork& work) {
      return answered(update_user(unit, *request, work), answer);
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
    return write({{"details", answers::details(*user)}, {"user", answers::user(unit.tx, *user)}});
  });
}

Result<Plan> erasing(const Record& record) {
  return plain([id = record.text_or_empty("userId")](const Unit& unit) {
    return answer_details(erase_user(unit, id));
  });
}

auto changing_state(StateChange change) {
  return [change](const Record& record) -> Result<Plan> {
    return plain([change, id = record.text_or_empty("userId")](const Unit& unit) {
      return answer_details(change_state(unit, id, change));
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
    for (const auto& user : page->users) users.push_back(answers::user(unit.tx, user));
    if (!users.empty()) body["result"] = std::move(users);
    return write(body);
  });
}

Result<Plan> listing_metadata(const Record& record) {
  return plain([record](const Unit& unit) -> Result<std::string> {
    const auto page = list_metadata(unit, record);
    if (!page) return refuse(page.error());
    json::object body{
        {"pagination", operation_parts::pagination(page->total, page->applied_limit)}};
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

std::vector<Operation> user_operations() {
  namespace m = messages;
  return {
      // procedure, REST, message, what it does
      {"CreateUser", "POST", "/v2/users/new", &m::create_user, "user.CreateUserRequest",
       Work::write, creating(read_create_user, created_body)},
      {"AddHumanUser", "POST", "/v2/users/human", &m::add_human_user, "user.AddHumanUserRequest",
       Work::write, creating(read_add_human_user, added_body)},
      {"GetUserByID", "GET", "/v2/users/{user_id}", &m::get_user_by_id, "user.GetUserByIDRequest",
       Work::point_read, reading_user},
      {"ListUsers", "POST", "/v2/users", &m::list_users, "user.ListUsersRequest", Work::scan,
       listing_users},
      {"UpdateUser", "PATCH", "/v2/users/{user_id}", &m::update_user, "user.UpdateUserRequest",
       Work::write, updating(read_update_user, change_body)},
      {"UpdateHumanUser", "PUT", "/v2/users/human/{user_id}", &m::update_human_user,
       "user.UpdateHumanUserRequest", Work::write, updating(read_update_human_user, details_body)},
      {"SetPassword", "POST", "/v2/users/{user_id}/password", &m::set_password,
       "user.SetPasswordRequest", Work::write, updating(read_set_password, details_body)},
      {"DeleteUser", "DELETE", "/v2/users/{user_id}", &m::delete_user, "user.DeleteUserRequest",
       Work::write, erasing},
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
      {"", "GET", "/auth/v1/users/me", &m::empty, "auth.GetMyUserRequest", Work::point_read,
       reading_myself},
      {"", "GET", "/management/v1/orgs/me", &m::empty, "management.GetMyOrgRequest",
       Work::point_read, reading_my_organization},
  };
}

const std::vector<Operation>& operations() {
  static const std::vector<Operation> all = [] {
    auto joined = user_operations();
    for (auto& part :
         {contact_operations(), machine_operations(), settings_operations(), member_operations()}) {
      joined.insert(joined.end(), part.begin(), part.end());
    }
    return joined;
  }();
  return all;
}

}  // namespace vestibule::zitadel
