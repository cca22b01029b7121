#pragma once

namespace vestibule::oauth {

/// Who may register a client (RFC 7591 section 3: open, or protected by an initial access token).
enum class RegistrationMode { off, open, by_token };

}  // namespace vestibule::oauth
