#include "jose/loose_claims.h"

#include <algorithm>

#include "jose/claim_reader.h"
#include "jose/strict_json.h"

namespace vestibule::jose {

bool LooseClaims::has_audience(std::string_view name) const {
  return std::ranges::find(audience, name) != audience.end();
}

std::expected<LooseClaims, Rejection> parse_loose_claims(std::string_view payload) {
  const auto object = strict_json::parse_object(payload);
  if (!object) {
    return std::unexpected(object.error() == strict_json::Fault::duplicate_member
                               ? Rejection::payload_duplicate_member
                               : Rejection::payload_not_object);
  }
  LooseClaims claims;
  ClaimReader reader(*object);
  reader.text("iss", claims.issuer);
  reader.text("sub", claims.subject);
  reader.strings("aud", claims.audience);
  reader.time("exp", claims.expires_at);
  reader.time("iat", claims.issued_at);
  reader.time("nbf", claims.not_before);
  if (reader.malformed) return std::unexpected(Rejection::claim_malformed);
  claims.json = payload;
  return claims;
}

}  // namespace vestibule::jose
