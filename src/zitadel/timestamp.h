#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace vestibule::zitadel {

/// google.protobuf.Timestamp as protobuf's JSON mapping reads it: RFC 3339 with `Z` or an offset
/// and at most nine digits of a second, of which three are kept. nullopt for anything else.
std::optional<base::Time> parse_timestamp(std::string_view text);

}  // namespace vestibule::zitadel
