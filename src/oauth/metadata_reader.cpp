#include "oauth/metadata_reader.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "base/text.h"

namespace vestibule::oauth {
namespace {

constexpr std::size_t longest_name = 200;
constexpr std::size_t longest_text = 2000;
constexpr std::size_t most_strings = 20;
constexpr std::size_t largest_object = 16 * 1024;

}  // namespace

const boost::json::value* MetadataReader::find(std::string_view name) const {
  const auto* value = document_.if_contains(name);
  return value != nullptr && !value->is_null() ? value : nullptr;
}

std::optional<std::string> MetadataReader::find_text(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto* text = value->if_string();
  if (text == nullptr || text->size() > longest_text) {
    refuse(name, "has to be a string of at most 2000 bytes");
    return std::nullopt;
  }
  return std::string(*text);
}

void MetadataReader::name(std::string_view name, std::string& out) {
  auto text = find_text(name);
  if (!text) return;
  if (text->size() > longest_name || base::has_control_character(*text)) {
    refuse(name, "has to be at most 200 bytes without control characters");
    return;
  }
  out = *std::move(text);
}

void MetadataReader::flag(std::string_view name, bool& out) {
  const auto* value = find(name);
  if (value == nullptr) return;
  if (!value->is_bool()) {
    refuse(name, "has to be true or false");
    return;
  }
  out = value->as_bool();
}

void MetadataReader::seconds(std::string_view name, std::int64_t least, std::int64_t most,
                             base::Seconds& out) {
  const auto* value = find(name);
  if (value == nullptr) return;
  boost::json::error_code malformed;
  const auto number = value->to_number<std::int64_t>(malformed);
  if (malformed || number < least || number > most) {
    refuse(name, "has to be a number of seconds in bounds");
    return;
  }
  out = base::Seconds{number};
}

void MetadataReader::strings(std::string_view name, std::vector<std::string>& out) {
  const auto* value = find(name);
  if (value == nullptr) return;
  const auto* list = value->if_array();
  std::vector<std::string> read;
  bool good = list != nullptr && list->size() <= most_strings;
  for (std::size_t i = 0; good && i < list->size(); ++i) {
    const auto* text = (*list)[i].if_string();
    good = text != nullptr && !text->empty() && text->size() <= longest_text &&
           !base::has_control_character(std::string_view(*text));
    if (good && std::ranges::find(read, std::string_view(*text)) == read.end()) {
      read.emplace_back(*text);
    }
  }
  if (!good) {
    refuse(name, "has to be a list of at most 20 strings");
    return;
  }
  out = std::move(read);
}

void MetadataReader::algorithm(std::string_view name, std::span<const jose::Algorithm> allowed,
                               std::optional<jose::Algorithm>& out) {
  const auto text = find_text(name);
  if (!text) return;
  const auto algorithm = jose::parse_algorithm(*text);
  if (!algorithm || std::ranges::find(allowed, *algorithm) == allowed.end()) {
    refuse(name, "names an algorithm that is not supported");
    return;
  }
  out = algorithm;
}

void MetadataReader::url(std::string_view name, Scheme scheme, std::string& out) {
  auto text = find_text(name);
  if (!text) return;
  const auto uri = parse_client_uri(*text);
  const bool good = uri && uri->is_web() && !uri->has_userinfo && !uri->has_fragment &&
                    (scheme == Scheme::web || uri->scheme == "https");
  if (!good) {
    refuse(name, scheme == Scheme::web ? "has to be an http or https URL without a fragment"
                                       : "has to be an https URL without a fragment");
    return;
  }
  out = *std::move(text);
}

void MetadataReader::object(std::string_view name, std::string& out) {
  const auto* value = find(name);
  if (value == nullptr) return;
  auto text = value->is_object() ? boost::json::serialize(*value) : std::string();
  if (text.empty() || text.size() > largest_object) {
    refuse(name, "has to be an object of at most 16 KiB");
    return;
  }
  out = std::move(text);
}

void MetadataReader::refuse(std::string_view name, std::string_view why) {
  refuse(Error{"invalid_client_metadata", std::string(name) + " " + std::string(why)});
}

void MetadataReader::refuse(Error error) {
  if (!error_) error_ = std::move(error);
}

Result<void> MetadataReader::verdict() const {
  if (error_) return std::unexpected(*error_);
  return {};
}

}  // namespace vestibule::oauth
