#pragma once

#include <string>

#include "base/ids.h"
#include "store/transaction.h"

namespace vestibule::accounts {

/// A postal address (OpenID Connect Core section 5.1.1). What is empty is not known.
struct PostalAddress {
  std::string formatted = {};
  std::string street_address = {};
  std::string locality = {};
  std::string region = {};
  std::string postal_code = {};
  std::string country = {};

  bool empty() const { return *this == PostalAddress{}; }
  bool operator==(const PostalAddress&) const = default;
};

/// The standard claims that `User` has no member for (OpenID Connect Core section 5.1). Few people
/// have any and no guest does, so they stand in a table of their own. What is empty is not known.
struct Profile {
  std::string middle_name = {};
  std::string profile = {};  ///< URL of a page about the person
  std::string picture = {};  ///< URL
  std::string website = {};  ///< URL
  std::string gender = {};   ///< a word other than `female` and `male`, which User::gender has
  std::string birthdate = {};
  std::string zoneinfo = {};
  PostalAddress address = {};

  bool empty() const { return *this == Profile{}; }
  bool operator==(const Profile&) const = default;
};

/// The empty one for a user that has none.
Profile find_profile(store::Transaction& tx, base::UserId user);
/// Replaces the former one; an empty one leaves no row.
void set_profile(store::Transaction& tx, base::UserId user, const Profile& profile);

}  // namespace vestibule::accounts
