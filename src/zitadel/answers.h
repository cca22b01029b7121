#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "accounts/metadata.h"
#include "accounts/organizations.h"
#include "accounts/user.h"

// The JSON of answers, for the .cpp files of this folder only. What protobuf leaves out of JSON
// (zeros, empty texts and lists) is left out here too.
namespace vestibule::zitadel::answers {

/// RFC 3339 with six digits, as ZITADEL's; ours is exact to the millisecond.
std::string timestamp(base::Time time);

/// `{"sequence","changeDate","resourceOwner"}` of a change.
boost::json::object change_details(const accounts::User& user);
/// The same with `creationDate`, of a user that is read.
boost::json::object details(const accounts::User& user);
/// zitadel.user.v2.User, with what stands beside the user's row.
boost::json::object user(store::Transaction& tx, const accounts::User& user);
/// zitadel.user.v1.User, of /auth/v1/users/me.
boost::json::object user_v1(const accounts::User& user);
boost::json::object organization(const accounts::Organization& organization);
boost::json::object metadata(const accounts::Metadata& metadata);

}  // namespace vestibule::zitadel::answers
