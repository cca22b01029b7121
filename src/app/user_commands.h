#pragma once

#include <boost/json/object.hpp>

#include "app/core.h"
#include "base/result.h"

namespace vestibule::app {

/// Makes an account in the installation's organization that signs in with a password:
/// `{claims, password}`. `claims` is a document of standard claims (accounts/standard_claims.h)
/// with a `preferred_username` or an `email`; the password may be absent. The result is
/// show_user's.
base::Result<boost::json::object> add_user(Core& core, const boost::json::object& arguments);

/// Changes an account: `{user, claims, password}`. `user` is its `sub` or what it signs in with. A
/// new password ends everything that is signed in. The result is show_user's.
base::Result<boost::json::object> set_user(Core& core, const boost::json::object& arguments);

/// What is known of a user, `{user}`: `sub` and its standard claims.
base::Result<boost::json::object> show_user(Core& core, const boost::json::object& arguments);

}  // namespace vestibule::app
