#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace vestibule::jose {

/// Appends `text` to `out` as a JSON string with its quotes (RFC 8259 section 7). Ill-formed UTF-8
/// becomes U+FFFD, so the result is always valid.
void append_json_string(std::string& out, std::string_view text);

/// Writes one JSON object front to back into one buffer, for tokens made on the hot path. Members
/// appear in the order of the calls; the caller does not repeat a name.
class ClaimsWriter {
 public:
  ClaimsWriter();

  ClaimsWriter& text(std::string_view name, std::string_view value);
  /// As text, but an empty value writes nothing.
  ClaimsWriter& text_if(std::string_view name, std::string_view value);
  ClaimsWriter& integer(std::string_view name, std::int64_t value);
  /// A NumericDate: whole seconds (RFC 7519 section 2).
  ClaimsWriter& time(std::string_view name, base::Time value);
  ClaimsWriter& boolean(std::string_view name, bool value);
  ClaimsWriter& strings(std::string_view name, std::span<const std::string> values);
  /// `value` is JSON already and is written as it is.
  ClaimsWriter& raw(std::string_view name, std::string_view value);
  /// Members up to the matching end_object belong to a nested object, such as `act`.
  ClaimsWriter& begin_object(std::string_view name);
  ClaimsWriter& end_object();

  /// The finished object. Throws std::logic_error if a nested object is still open.
  std::string finish() &&;

 private:
  void key(std::string_view name);

  std::string out_;
  int depth_ = 1;
};

}  // namespace vestibule::jose
