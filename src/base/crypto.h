#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/secret.h"

namespace vestibule::base {

/// 32 raw bytes.
std::string sha256(std::string_view data);

/// 32 raw bytes: HMAC-SHA-256 (RFC 2104).
std::string hmac_sha256(const Secret& key, std::string_view data);

/// HKDF-SHA-256 (RFC 5869) without salt: `length` bytes bound to `info`.
Secret derive_key(const Secret& master, std::string_view info, std::size_t length = 32);

/// Compares in time that depends on the lengths only.
bool equal_in_constant_time(std::string_view a, std::string_view b);

/// AES-256-GCM with a random 96-bit nonce in front: nonce ‖ ciphertext ‖ tag. `associated` is
/// authenticated and not stored. `key` is 32 bytes.
std::string seal(const Secret& key, std::string_view plain, std::string_view associated,
                 Random& random);

/// Opens what seal made; nullopt for anything else: another key, other associated data, an edit
/// or truncation of any byte.
std::optional<std::string> open(const Secret& key, std::string_view sealed,
                                std::string_view associated);

}  // namespace vestibule::base
