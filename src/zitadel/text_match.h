#pragma once

#include <cstdint>
#include <string_view>

#include "base/text.h"

namespace vestibule::zitadel {

/// Numbers of TextQueryMethod and TextFilterMethod: equals, starts with, contains, ends with, each
/// followed by the one that ignores case (ASCII).
inline bool matches(std::string_view text, std::string_view pattern, std::uint64_t method) {
  if (method % 2 == 1) {
    return matches(base::to_lower_ascii(text), base::to_lower_ascii(pattern), method - 1);
  }
  switch (method) {
    case 2:
      return text.starts_with(pattern);
    case 4:
      return text.contains(pattern);
    case 6:
      return text.ends_with(pattern);
    default:
      return text == pattern;
  }
}

}  // namespace vestibule::zitadel
