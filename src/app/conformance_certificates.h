#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "base/secret.h"

namespace vestibule::app {

/// Common names of the certificates that the conformance suite's two clients show.
inline constexpr std::string_view first_certificate_name = "vestibule-conformance-client";
inline constexpr std::string_view second_certificate_name = "vestibule-conformance-client2";

/// A certificate authority for the conformance suite's clients, and what it issued. Its own key is
/// forgotten at once: it issues nothing else.
struct ConformanceCertificates {
  struct Issued {
    std::string certificate;  ///< PEM
    base::Secret key;         ///< PEM of PKCS #8
  };
  std::string authority;  ///< PEM
  Issued client;
  Issued client2;
};

/// Makes them with P-256 keys, valid for ten years from `now`. Throws std::runtime_error if OpenSSL
/// has no randomness.
ConformanceCertificates make_conformance_certificates(base::Random& random, base::Time now);

}  // namespace vestibule::app
