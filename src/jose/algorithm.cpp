#include "jose/algorithm.h"

#include <array>

namespace vestibule::jose {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 4> names = {"ES256", "RS256", "PS256", "EdDSA"};

}  // namespace

std::string_view to_string(Algorithm algorithm) {
  return names[static_cast<std::size_t>(algorithm)];
}

std::optional<Algorithm> parse_algorithm(std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Algorithm>(i);
  }
  return std::nullopt;
}

}  // namespace vestibule::jose
