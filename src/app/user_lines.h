#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/profile.h"
#include "accounts/user.h"
#include "base/result.h"
#include "store/transaction.h"

namespace vestibule::app {

/// All that one line of an export tells of a person.
struct UserLine {
  struct Password {
    std::string phc;
    base::Time changed_at;
    bool renewal_due = false;
  };
  accounts::User user;
  accounts::Profile profile = {};
  std::vector<std::pair<std::string, std::string>> metadata = {};
  std::optional<Password> password = {};
  std::vector<std::string> proved_emails = {};  ///< under which they sign in
};

/// What the store knows of a user that can be taken elsewhere. Not: sessions, tokens, open merges,
/// codes, mail on its way.
UserLine read_line(store::Transaction& tx, const accounts::User& user);

/// One line's object. Times are RFC 3339, metadata values base64, ids decimal strings.
boost::json::object to_json(const UserLine& line);

/// Reads a line back. The error names the member: invalid with the field.
base::Result<UserLine> parse_line(std::string_view text);

/// Argon2id in PHC form (RFC 9106) with costs that a server can bear: the only hashes that sign-in
/// can check.
bool is_usable_hash(std::string_view phc);

}  // namespace vestibule::app
