#include "app/role_commands.h"

#include <boost/json/array.hpp>
#include <string>

#include "accounts/service_accounts.h"
#include "accounts/users.h"
#include "app/command_audit.h"

namespace vestibule::app {
namespace {

namespace json = boost::json;
using Result = base::Result<json::object>;

std::string_view text_in(const json::object& arguments, std::string_view name) {
  const auto* value = arguments.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->as_string())
                                                : std::string_view();
}

/// Does `change` to the roles of the user that the arguments name.
template <class F>
Result change_roles(Core& core, const json::object& arguments, F change) {
  const auto role = accounts::parse_role(text_in(arguments, "role"));
  if (!role) {
    return base::fail(base::ErrorKind::invalid, "role",
                      "a role is one of administrator, guest_manager, guest_impersonator, "
                      "user_impersonator");
  }
  return core.store->write([&](store::Transaction& tx) -> Result {
    const auto user = accounts::find_user_by_subject(tx, text_in(arguments, "user"));
    if (!user) {
      return base::fail(base::ErrorKind::not_found, "user_unknown", "There is no such user.");
    }
    if (user->standing() != accounts::Standing::account) {
      return base::fail(base::ErrorKind::conflict, "no_account", "This user is no account.");
    }
    change(tx, user->id, *role);
    record_operator(tx, "roles.changed", user->id, core.clock.now());
    json::array roles;
    for (const auto held : accounts::list_roles(tx, user->id)) {
      roles.emplace_back(accounts::to_string(held));
    }
    return json::object{{"sub", user->subject()}, {"roles", std::move(roles)}};
  });
}

}  // namespace

Result grant_role(Core& core, const json::object& arguments) {
  return change_roles(core, arguments, accounts::grant_role);
}

Result revoke_role(Core& core, const json::object& arguments) {
  return change_roles(core, arguments, accounts::revoke_role);
}

}  // namespace vestibule::app
