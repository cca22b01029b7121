#include "jose/jwt.h"

#include <algorithm>

#include "jose/claim_reader.h"
#include "jose/strict_json.h"
#include "jose/typ.h"

namespace vestibule::jose {
namespace {

bool accepts_type(const Policy& policy, std::string_view typ) {
  return std::ranges::any_of(policy.types,
                             [&](const std::string& accepted) { return is_type(typ, accepted); });
}

std::optional<Rejection> judge(const Claims& claims, const Policy& policy, base::Time now) {
  if (claims.issuer != policy.issuer) return Rejection::wrong_issuer;
  if (const auto* audience = std::get_if<std::string>(&policy.audience);
      audience != nullptr && !claims.has_audience(*audience)) {
    return Rejection::wrong_audience;
  }
  const auto skew = policy.clock_skew;
  // RFC 7519 4.1.4: on or after `exp` the token MUST NOT be accepted.
  if (policy.expiry == Expiry::enforced && now >= claims.expires_at + skew) {
    return Rejection::expired;
  }
  if (claims.not_before && now + skew < *claims.not_before) return Rejection::not_yet_valid;
  if (claims.issued_at && now + skew < *claims.issued_at) return Rejection::issued_in_future;
  return std::nullopt;
}

}  // namespace

bool Claims::has_audience(std::string_view name) const {
  return std::ranges::find(audience, name) != audience.end();
}

std::expected<Claims, Rejection> parse_claims(std::string_view payload) {
  const auto object = strict_json::parse_object(payload);
  if (!object) {
    return std::unexpected(object.error() == strict_json::Fault::duplicate_member
                               ? Rejection::payload_duplicate_member
                               : Rejection::payload_not_object);
  }
  Claims claims;
  std::optional<base::Time> expires_at;
  ClaimReader reader(*object);
  reader.text("iss", claims.issuer);
  reader.text("sub", claims.subject);
  reader.strings("aud", claims.audience);
  reader.time("exp", expires_at);
  reader.time("iat", claims.issued_at);
  reader.time("nbf", claims.not_before);
  reader.time("auth_time", claims.auth_time);
  reader.text("jti", claims.id);
  reader.text("client_id", claims.client_id);
  reader.text("azp", claims.authorized_party);
  reader.text("scope", claims.scope);
  reader.text("sid", claims.session_id);
  reader.text("nonce", claims.nonce);
  reader.text("acr", claims.acr);
  reader.strings("amr", claims.amr);
  reader.actors(claims.actors);
  if (reader.malformed) return std::unexpected(Rejection::claim_malformed);
  if (claims.issuer.empty()) return std::unexpected(Rejection::issuer_missing);
  if (claims.subject.empty()) return std::unexpected(Rejection::subject_missing);
  if (claims.audience.empty()) return std::unexpected(Rejection::audience_missing);
  if (!expires_at) return std::unexpected(Rejection::expiry_missing);
  claims.expires_at = *expires_at;
  claims.json = payload;
  return claims;
}

std::expected<Claims, Rejection> verify(std::string_view token, const KeySet& keys,
                                        const Policy& policy, base::Time now) {
  const auto jws = parse_compact(token);
  if (!jws) return std::unexpected(jws.error());
  const auto payload = verify_jws(*jws, keys, policy.allowed);
  if (!payload) return std::unexpected(payload.error());
  if (!accepts_type(policy, jws->typ)) return std::unexpected(Rejection::wrong_type);
  auto claims = parse_claims(*payload);
  if (!claims) return claims;
  if (const auto reason = judge(*claims, policy, now)) return std::unexpected(*reason);
  return claims;
}

}  // namespace vestibule::jose
