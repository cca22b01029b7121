#include "token.h"

#include "base/encoding.h"
#include "base/text.h"
#include "jose/jwt.h"

namespace vestibule::shop {
namespace {

std::unexpected<base::Error> refuse(jose::Rejection why) {
  base::Error error{base::ErrorKind::unauthenticated,
                    "invalid_token",
                    "The access token is not valid.",
                    {},
                    std::string(jose::to_string(why))};
  return std::unexpected(std::move(error));
}

}  // namespace

base::Result<Identity> verify_token(std::string_view token, const TokenPolicy& policy, Jwks& jwks,
                                    base::Time now) {
  // 1. Take it apart. Nothing in it is believed yet; the key id only says which key to try.
  const auto unverified = jose::parse_compact(token);
  if (!unverified) return refuse(unverified.error());

  // 2. The issuer's keys, over the channel that we chose: never from an address in the token.
  const auto keys = jwks.keys_for(unverified->kid);
  if (!keys)
    return base::fail(base::ErrorKind::unavailable, "keys_unavailable",
                      "The identity provider's keys cannot be fetched just now.");

  // 3. Signature, type, issuer, audience and times.
  const jose::Policy demands{
      .issuer = policy.issuer,
      .audience = policy.audience,
      .allowed = {jose::Algorithm::es256, jose::Algorithm::rs256, jose::Algorithm::eddsa},
      .types = {"at+jwt"},
  };
  auto claims = jose::verify(token, *keys, demands, now);
  if (!claims) return refuse(claims.error());

  // 4. From here on a user is a `sub`.
  auto header = base::from_base64url(token.substr(0, token.find('.')));
  return Identity{std::move(claims->subject), std::move(header.value()), std::move(claims->json)};
}

std::string_view bearer_token(std::string_view authorization) {
  constexpr std::string_view scheme = "bearer ";
  if (authorization.size() <= scheme.size()) return {};
  if (base::to_lower_ascii(authorization.substr(0, scheme.size())) != scheme) return {};
  return base::trim(authorization.substr(scheme.size()));
}

}  // namespace vestibule::shop
