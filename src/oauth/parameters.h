#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "oauth/error.h"

namespace vestibule::oauth {

/// The parameters of an OAuth request in order, already percent-decoded. A parameter without a
/// value is treated as if it were omitted (RFC 6749 section 3.1).
class Parameters {
 public:
  using Field = std::pair<std::string, std::string>;

  explicit Parameters(std::vector<Field> fields) : fields_(std::move(fields)) {}

  /// The value of `name`; nullopt if it is absent or empty.
  std::optional<std::string> find(std::string_view name) const;
  /// The value of `name`, or the empty string.
  std::string get(std::string_view name) const { return find(name).value_or(std::string()); }
  /// Every value that is not empty, for the parameters of RFC 8693 that may be repeated.
  std::vector<std::string> all(std::string_view name) const;
  const std::vector<Field>& fields() const { return fields_; }

  /// RFC 6749 section 3.1: parameters must not be included more than once. `audience` and
  /// `resource` may (RFC 8693 section 2.1, RFC 8707 section 2). Error: invalid_request.
  Result<void> check_not_repeated() const;

 private:
  std::vector<Field> fields_;
};

}  // namespace vestibule::oauth
