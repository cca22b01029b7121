#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "jose/algorithm.h"

struct evp_pkey_st;

namespace vestibule::jose {

using NativeKey = std::shared_ptr<evp_pkey_st>;

/// A P-256, RSA (2048 … 8192 bits) or Ed25519 public key that has passed all checks: its point is
/// on the curve and its size is allowed. A copy shares the immutable key; safe from any thread.
class PublicKey {
 public:
  /// PEM of a SubjectPublicKeyInfo (RFC 5280). Errors: `key_malformed`, `key_not_supported`,
  /// `key_too_weak`.
  static base::Result<PublicKey> from_pem(std::string_view pem);
  /// One JWK (RFC 7517, 7518 section 6, 8037 section 2) with exactly the public members of its
  /// `kty`. A private member, another curve, non-minimal or wrong-length numbers, a point off the
  /// curve, a duplicate member or a `use` other than `sig` are refused; unknown members are
  /// ignored.
  static base::Result<PublicKey> from_jwk(std::string_view json);

  KeyType type() const { return type_; }
  /// Whether `algorithm` can be used with this kind of key.
  bool fits(Algorithm algorithm) const { return key_type_of(algorithm) == type_; }
  std::string to_pem() const;
  /// The required members only, in lexicographic order and without white space: the input of the
  /// thumbprint (RFC 7638 section 3.2).
  std::string to_jwk() const;
  /// RFC 7638 with SHA-256, base64url: Vestibule's key ids.
  std::string thumbprint() const;
  evp_pkey_st* native() const { return native_.get(); }

 private:
  friend class PrivateKey;
  PublicKey(NativeKey native, KeyType type) : native_(std::move(native)), type_(type) {}
  static base::Result<PublicKey> adopt(NativeKey native);

  NativeKey native_;
  KeyType type_;
};

/// A private key of the same kinds, consistent with its public half. A copy shares the key, which
/// OpenSSL wipes with the last copy.
class PrivateKey {
 public:
  /// A new key for `algorithm`; RSA has 2048 bits and takes up to a second, so it never happens
  /// inside a unit of work. Throws std::runtime_error if OpenSSL has no randomness.
  static PrivateKey generate(Algorithm algorithm);
  /// PEM of PKCS #8 (RFC 5208), PKCS #1 or SEC 1, unencrypted. Errors as PublicKey::from_pem.
  static base::Result<PrivateKey> from_pem(const base::Secret& pem);
  /// DER of PKCS #8, as to_der writes it.
  static base::Result<PrivateKey> from_der(const base::Secret& der);
  /// A private JWK; RSA needs all CRT members (RFC 7518 section 6.3.2) and at most two primes.
  static base::Result<PrivateKey> from_jwk(const base::Secret& json);

  KeyType type() const { return type_; }
  bool fits(Algorithm algorithm) const { return key_type_of(algorithm) == type_; }
  base::Secret to_pem() const;
  base::Secret to_der() const;
  base::Secret to_jwk() const;
  PublicKey public_key() const;
  evp_pkey_st* native() const { return native_.get(); }

 private:
  PrivateKey(NativeKey native, KeyType type) : native_(std::move(native)), type_(type) {}
  static base::Result<PrivateKey> adopt(NativeKey native);

  NativeKey native_;
  KeyType type_;
};

}  // namespace vestibule::jose
