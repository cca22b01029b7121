#pragma once

#include <string_view>

namespace vestibule::oauth {

/// RFC 7636 section 4.1: 43 to 128 unreserved characters.
bool is_code_verifier(std::string_view text);
/// RFC 7636 section 4.2 with S256: 43 characters of base64url.
bool is_code_challenge(std::string_view text);
/// RFC 7636 section 4.6: BASE64URL(SHA256(verifier)) is the challenge; in constant time.
bool matches_challenge(std::string_view verifier, std::string_view challenge);

}  // namespace vestibule::oauth
