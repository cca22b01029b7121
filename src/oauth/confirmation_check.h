#pragma once

#include <optional>
#include <string>

#include "oauth/grant_details.h"

namespace vestibule::oauth {

/// The keys that the sender of one request has shown to hold.
struct HeldKeys {
  std::optional<std::string> jkt = {};       ///< of a valid DPoP proof (RFC 9449 section 4.3)
  std::optional<std::string> x5t_s256 = {};  ///< of the client certificate of its connection
};

/// Whether the sender holds the key that a token is bound to (RFC 9449 section 7, RFC 8705 section
/// 3). Every bearer satisfies an empty confirmation.
bool satisfies(const Confirmation& confirmation, const HeldKeys& held);

}  // namespace vestibule::oauth
