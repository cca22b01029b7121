#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "keys/purpose_keys.h"

namespace vestibule::oauth {

/// How long a nonce is good. A proof with it is remembered that long, so it is short.
inline constexpr base::Seconds nonce_lifetime{300};

/// The nonces that the server gives to makers of DPoP proofs (RFC 9449 sections 8 and 9): the time
/// of issue, sealed. Nothing is stored, and every node of a deployment reads every other's.
/// The issuer's text outlives it. Thread-safe.
class DpopNonces {
 public:
  DpopNonces(std::string_view issuer, keys::PurposeKeys& keys, base::Random& random)
      : issuer_(issuer), keys_(keys), random_(random) {}

  /// A new one: base64url, so within `NQCHAR`.
  std::string issue(base::Time now) const;
  /// When it was issued; nullopt unless that was here, within nonce_lifetime.
  std::optional<base::Time> open(std::string_view nonce, base::Time now) const;

 private:
  const std::string_view issuer_;
  keys::PurposeKeys& keys_;
  base::Random& random_;
};

}  // namespace vestibule::oauth
