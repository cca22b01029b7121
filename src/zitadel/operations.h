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
  /// Set: an RSA key is made before `run`, once this has allowed it in a
  /// snapshot.
  std::function<Result<void>(const Unit&)> before_key = {};
  /// Gives the answer's JSON.
  std::function<Result<std::string>(const Unit&, const SlowWork&)> run;
};

inline constexpr std::string_view user_service = "zitadel.user.v2.UserService";
inline constexpr std::string_view settings_service = "zitadel.settings.v2.SettingsService";

/// A call: where it is found in both protocols, what it takes and what it does.
struct Operation {
  std::string_view rpc;     ///< the procedure of `service`; empty: REST only
  std::string_view method;  ///< empty: Connect only
  std::string_view path;    ///< with {user_id} where the message has userId; others likewise
  const Message* message;
  std::string_view go_type;  ///< as refusals name it: `user.CreateUserRequest`
  Work work;
  std::function<Result<Plan>(const Record&)> plan;
  std::string_view service = user_service;
};

/// Every call, in one table.
const std::vector<Operation>& operations();

}  // namespace vestibule::zitadel
