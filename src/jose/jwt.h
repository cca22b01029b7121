#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "jose/jws.h"

namespace vestibule::jose {

/// One link of the `act` chain (RFC 8693 section 4.1).
struct Actor {
  std::string subject;
  std::string issuer;  ///< empty if absent
};

/// The claims of a verified token (RFC 7519, 9068, 8693; OpenID Connect Core). An absent text is
/// empty, an absent time nullopt. Everything else is in `json`.
struct Claims {
  std::string issuer;
  std::string subject;
  std::vector<std::string> audience;
  base::Time expires_at{};
  std::optional<base::Time> issued_at;
  std::optional<base::Time> not_before;
  std::optional<base::Time> auth_time;
  std::string id;  ///< `jti`
  std::string client_id;
  std::string authorized_party;  ///< `azp`
  std::string scope;
  std::string session_id;  ///< `sid`
  std::string nonce;
  std::string acr;
  std::vector<std::string> amr;
  std::vector<Actor> actors;  ///< the current actor first, then those before it
  std::string json;           ///< the payload as it was signed

  bool has_audience(std::string_view name) const;
};

/// Says that the caller checks the audience itself (the issuer's own introspection).
struct AnyAudience {};
enum class Expiry : std::uint8_t {
  enforced,
  ignored,  ///< `id_token_hint` (OpenID Connect RP-Initiated Logout section 2) only
};

/// What the caller accepts.
struct Policy {
  std::string issuer;                               ///< compared byte for byte
  std::variant<std::string, AnyAudience> audience;  ///< must be among the token's `aud`
  std::vector<Algorithm> allowed;
  /// The accepted `typ` values, compared without case and `application/` (RFC 7515 section 4.1.9).
  /// An empty string accepts a token without `typ`.
  std::vector<std::string> types;
  base::Seconds clock_skew{5};
  Expiry expiry = Expiry::enforced;
};

/// Reads the claims of a payload whose signature has been verified, without judging them. Errors:
/// payload_not_object, payload_duplicate_member, claim_malformed and the …_missing reasons.
std::expected<Claims, Rejection> parse_claims(std::string_view payload);

/// Bytes to claims: parse, signature, `typ`, claims, policy, in this order (RFC 7519 section 7.2,
/// RFC 8725). Pure: the same arguments give the same answer.
std::expected<Claims, Rejection> verify(std::string_view token, const KeySet& keys,
                                        const Policy& policy, base::Time now);

}  // namespace vestibule::jose
