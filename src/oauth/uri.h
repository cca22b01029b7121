#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace vestibule::oauth {

/// An absolute URI (RFC 3986 section 4.3): a scheme, something after it, no fragment, and no
/// character that a URI does not have.
bool is_absolute_uri(std::string_view uri);

/// The one spelling of an http or https URI without its query and fragment, after syntax-based and
/// scheme-based normalization (RFC 3986 sections 6.2.2 and 6.2.3), as RFC 9449 section 4.3 compares
/// `htu`. nullopt for anything else: other schemes, user info, an impossible port or character.
std::optional<std::string> normalized_target(std::string_view uri);

}  // namespace vestibule::oauth
