#include "jose/claim_reader.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cmath>

#include "jose/strict_json.h"

namespace vestibule::jose {
namespace {

// NumericDates are kept below the year 10000, so that arithmetic on milliseconds cannot overflow.
constexpr double max_numeric_date = 253'402'300'799.0;
constexpr std::size_t max_actors = 8;

}  // namespace

void ClaimReader::text(std::string_view name, std::string& out) {
  auto value = strict_json::optional_string(object_, name);
  if (!value) {
    malformed = true;
  } else {
    out = std::move(*value);
  }
}

void ClaimReader::time(std::string_view name, std::optional<base::Time>& out) {
  const auto* value = object_.if_contains(name);
  if (value == nullptr) return;
  double seconds = 0;
  if (value->is_number()) seconds = value->to_number<double>();
  if (!value->is_number() || !(seconds >= 0 && seconds <= max_numeric_date)) {
    malformed = true;
    return;
  }
  out = base::from_milliseconds(static_cast<std::int64_t>(std::floor(seconds * 1000.0)));
}

void ClaimReader::strings(std::string_view name, std::vector<std::string>& out) {
  const auto* value = object_.if_contains(name);
  if (value == nullptr) return;
  if (const auto* one = value->if_string()) {
    out.emplace_back(one->data(), one->size());
    return;
  }
  const auto* array = value->if_array();
  if (array == nullptr) {
    malformed = true;
    return;
  }
  for (const auto& element : *array) {
    const auto* item = element.if_string();
    if (item == nullptr) {
      malformed = true;
      return;
    }
    out.emplace_back(item->data(), item->size());
  }
}

void ClaimReader::actors(std::vector<Actor>& out) {
  const auto* level = object_.if_contains("act");
  while (level != nullptr) {
    const auto* object = level->if_object();
    const auto subject =
        object == nullptr ? std::nullopt : strict_json::optional_string(*object, "sub");
    const auto issuer =
        object == nullptr ? std::nullopt : strict_json::optional_string(*object, "iss");
    if (!subject || subject->empty() || !issuer || out.size() == max_actors) {
      malformed = true;
      return;
    }
    out.push_back({*subject, *issuer});
    level = object->if_contains("act");
  }
}

}  // namespace vestibule::jose
