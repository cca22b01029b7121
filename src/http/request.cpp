#include "http/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "base/encoding.h"
#include "base/text.h"

namespace vestibule::http {

namespace {

bool lower_hex(std::string_view text, std::size_t size) {
  return text.size() == size && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

bool all_zero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

}  // namespace

std::optional<TraceParent> TraceParent::parse(std::string_view text) {
  // W3C Trace Context 3.2: 00-<32 hex>-<16 hex>-<2 hex>; a later version may go on after that.
  if (text.size() < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  const auto version = text.substr(0, 2);
  if (!lower_hex(version, 2) || version == "ff") return std::nullopt;
  if (text.size() > 55 && (version == "00" || text[55] != '-')) return std::nullopt;
  const auto trace_id = text.substr(3, 32);
  const auto parent_id = text.substr(36, 16);
  const auto flags = text.substr(53, 2);
  if (!lower_hex(trace_id, 32) || all_zero(trace_id) || !lower_hex(parent_id, 16) ||
      all_zero(parent_id) || !lower_hex(flags, 2))
    return std::nullopt;
  TraceParent trace{std::string(trace_id), std::string(parent_id), 0};
  trace.flags = static_cast<std::uint8_t>((*base::from_hex(flags))[0]);
  return trace;
}

std::string TraceParent::to_string() const {
  return fmt::format("00-{}-{}-{:02x}", trace_id, parent_id, flags);
}

const std::string& Request::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters) {
    if (key == name) return value;
  }
  throw std::out_of_range(fmt::format("the route has no parameter {}", name));
}

std::string media_type(const HeaderList& headers) {
  if (headers.count("Content-Type") != 1) return {};
  const auto value = *headers.find("Content-Type");
  const auto type = base::trim(value.substr(0, value.find(';')));
  const auto slash = type.find('/');
  if (slash == std::string_view::npos || !valid_field_name(type.substr(0, slash)) ||
      !valid_field_name(type.substr(slash + 1)))
    return {};
  return base::to_lower_ascii(type);
}

bool has_media_type(const HeaderList& headers, std::string_view type) {
  return media_type(headers) == type;
}

}  // namespace vestibule::http
