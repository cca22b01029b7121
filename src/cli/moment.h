#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace vestibule::cli {

/// A moment as people give it: a duration before `now` (`2h`, `3d`), a day (`2026-11-25`, its start
/// in UTC), or RFC 3339 in UTC (`2026-11-25T08:30:00Z`, with or without a fraction of up to three
/// digits). nullopt for anything else.
std::optional<base::Time> parse_moment(std::string_view text, base::Time now);

}  // namespace vestibule::cli
