#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "zitadel/verbs.h"

namespace vestibule::zitadel {

/// Where a call's unit runs.
enum class Work {
  point_read,  ///< a few rows of a snapshot, on the io thread
  scan,        ///< many rows of a snapshot, on a worker
  write,       ///< the writer; answered once it is durable
};

/// A call whose request has been understood.
struct Plan {
  /// Passwords to check, verify and hash before `run`.
  const PasswordChange* password = nullptr;
  /// Run in a snapshot before a password is hashed: gives the stored hash that `current` must
  /// match.
  std::function<Result<std::optional<std::string>>(const Unit&)> prepare = {};
  /// Gives the answer's JSON.
  std::function<Result<std::string>(const Unit&, const PasswordWork&)> run;
};

/// A call: where it is found in both protocols, what it takes and what it does.
struct Operation {
  std::string_view rpc;     ///< the procedure of UserService; empty: REST only
  std::string_view method;  ///< empty: Connect only
  std::string_view path;    ///< with {user_id} where the message has userId
  const Message* message;
  std::string_view go_type;  ///< as refusals name it: `user.CreateUserRequest`
  Work work;
  std::function<Result<Plan>(const Record&)> plan;
};

/// Every call, in one table.
const std::vector<Operation>& operations();

}  // namespace vestibule::zitadel
