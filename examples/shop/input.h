#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/request.h"

namespace vestibule::shop {

/// The members of a request's body: a flat JSON object from the page's script, or a form from a
/// browser without it. The two differ only in what they are answered with.
class Input {
 public:
  enum class Encoding { json, form };

  /// `invalid` for a body that cannot be read or is of another media type. An absent body is an
  /// empty object.
  static base::Result<Input> parse(const http::Request& request);

  Encoding encoding() const { return encoding_; }
  /// The member as text; empty if it is absent or is no text.
  std::string text(std::string_view name) const;
  /// The member as a whole number that is not negative; nullopt for anything else.
  std::optional<std::int64_t> integer(std::string_view name) const;
  /// Whether it is there at all, of whatever type.
  bool has(std::string_view name) const;

 private:
  Encoding encoding_ = Encoding::json;
  std::set<std::string, std::less<>> present_;
  std::map<std::string, std::string, std::less<>> texts_;
  std::map<std::string, std::int64_t, std::less<>> integers_;
};

/// Whether the body says it is a form: a refusal is then shown as a page.
bool is_form(const http::Request& request);

}  // namespace vestibule::shop
