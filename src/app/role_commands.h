#pragma once

#include <boost/json/object.hpp>

#include "app/core.h"
#include "base/result.h"

namespace vestibule::app {

/// `users.grant {user, role}`: gives an account a role (accounts/service_accounts.h); `user` is its
/// `sub`. The one way to the role user_impersonator: nothing grants it by itself. The result is
/// `{sub, roles}`. Errors: not_found; invalid for an unknown role; conflict for a guest.
base::Result<boost::json::object> grant_role(Core& core, const boost::json::object& arguments);

/// `users.revoke {user, role}`: takes it away, from the next call on. Result and errors: as above.
base::Result<boost::json::object> revoke_role(Core& core, const boost::json::object& arguments);

}  // namespace vestibule::app
