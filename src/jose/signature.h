#pragma once

#include <string>
#include <string_view>

#include "jose/key.h"

namespace vestibule::jose {

/// The JWS signature of `input` (RFC 7518 sections 3.3 to 3.5, RFC 8037 section 3.1), raw bytes;
/// ES256 is the 64 bytes r ‖ s. Uses a context kept per thread and key, so that the cost is the
/// arithmetic alone. Throws std::logic_error if `algorithm` does not fit the key.
std::string sign(Algorithm algorithm, const PrivateKey& key, std::string_view input);

/// Whether `signature` is one of `input`. False for a key that does not fit, a wrong length and
/// r or s out of range.
bool verify_signature(Algorithm algorithm, const PublicKey& key, std::string_view input,
                      std::string_view signature);

}  // namespace vestibule::jose
