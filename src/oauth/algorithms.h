#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "jose/algorithm.h"

namespace vestibule::oauth {

/// What we and our clients may sign with.
inline constexpr std::array known_algorithms{jose::Algorithm::rs256, jose::Algorithm::es256,
                                             jose::Algorithm::ps256, jose::Algorithm::eddsa};
/// Those that FAPI 2.0 Security Profile section 5.4.1 leaves.
inline constexpr std::array fapi_algorithms{jose::Algorithm::es256, jose::Algorithm::ps256,
                                            jose::Algorithm::eddsa};

/// Whether `algorithm` is in one of the lists above.
template <class List>
constexpr bool contains(const List& list, jose::Algorithm algorithm) {
  return std::ranges::find(list, algorithm) != list.end();
}

/// Their `alg` values, for metadata.
template <class List>
std::vector<std::string> algorithm_names(const List& list) {
  std::vector<std::string> names;
  for (const auto algorithm : list) names.emplace_back(jose::to_string(algorithm));
  return names;
}

}  // namespace vestibule::oauth
