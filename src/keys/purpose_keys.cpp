#include "keys/purpose_keys.h"

#include <array>
#include <mutex>

namespace vestibule::keys {
namespace {

using std::chrono::days;

constexpr std::size_t id_size = 4;
constexpr std::size_t max_cached = 4096;
constexpr base::Seconds clock_tolerance{300};
constexpr std::string_view digits = "0123456789abcdef";

std::uint16_t day_of(base::Time time) {
  return static_cast<std::uint16_t>(std::chrono::floor<days>(time).time_since_epoch().count());
}

std::string to_id(std::uint16_t day) {
  std::string id(id_size, '0');
  for (std::size_t i = 0; i < id_size; ++i) id[id_size - 1 - i] = digits[(day >> (4 * i)) & 15];
  return id;
}

// Lower case only, so that a day has one spelling.
std::optional<std::uint16_t> from_id(std::string_view id) {
  if (id.size() != id_size) return std::nullopt;
  unsigned day = 0;
  for (const char c : id) {
    const auto digit = digits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    day = day * 16 + static_cast<unsigned>(digit);
  }
  return static_cast<std::uint16_t>(day);
}

}  // namespace

base::Secret PurposeKeys::get(std::string_view purpose, Day day) {
  auto name = std::pair(std::string(purpose), day);
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = cache_.find(name); found != cache_.end()) return found->second;
  }
  auto text = name.first + ' ' + to_id(day);
  if (!epoch_.empty()) text += ' ' + epoch_;
  auto key = master_.derive(text);
  const std::unique_lock lock(mutex_);
  // Days pass and purposes are few, so starting over once in years is all the eviction it needs.
  if (cache_.size() >= max_cached) cache_.clear();
  cache_.emplace(std::move(name), key);
  return key;
}

PurposeKey PurposeKeys::current(std::string_view purpose, base::Time now) {
  const auto day = day_of(now);
  return {to_id(day), get(purpose, day)};
}

std::optional<base::Secret> PurposeKeys::find(std::string_view purpose, std::string_view id,
                                              base::Time now, base::Milliseconds max_age) {
  const auto day = from_id(id);
  if (!day) return std::nullopt;
  const base::Time begin = std::chrono::sys_days(days(*day));
  if (now + clock_tolerance < begin || now >= begin + days(1) + max_age) return std::nullopt;
  return get(purpose, *day);
}

}  // namespace vestibule::keys
