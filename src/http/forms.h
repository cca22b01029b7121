#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace vestibule::http {

/// The parameters of an application/x-www-form-urlencoded body or of a query string, in order.
class Form {
 public:
  static constexpr std::size_t default_limit = 128;

  /// Refuses (`invalid`, reason `form`) malformed percent-escapes, NUL and what is not UTF-8, and
  /// (`too_large`) more than `limit` parameters. Empty pieces (`a=1&&b=2`) are skipped; a piece
  /// without `=` has the empty value.
  static base::Result<Form> parse(std::string_view text, std::size_t limit = default_limit);

  /// The first value of that name. Protocols that forbid repetition (RFC 6749 section 3.1) ask
  /// first_duplicate() once before they read anything.
  std::optional<std::string_view> find(std::string_view name) const;
  /// The first value, or the empty string.
  std::string get(std::string_view name) const { return std::string(find(name).value_or("")); }
  bool duplicated(std::string_view name) const;
  std::optional<std::string_view> first_duplicate() const;
  std::vector<std::string_view> all(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }
  bool empty() const { return fields_.empty(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// Writes parameters so that Form::parse reads them back; spaces become `%20`.
std::string encode_form(const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace vestibule::http
