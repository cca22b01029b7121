#include "oauth/client_assertion.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <utility>

#include "base/crypto.h"
#include "jose/jwt.h"

namespace vestibule::oauth {
namespace {

/// Why the audience is not this server; nullopt if it is.
std::optional<std::string> judge_audience(const Client& client, const jose::Claims& claims,
                                          const AssertionAudience& audience) {
  if (client.is_fapi()) {
    // FAPI 2.0 Security Profile 5.3.2.1: only the issuer identifier, as a string.
    const auto document = boost::json::parse(claims.json).as_object();
    if (!document.at("aud").is_string()) return "aud is not one string";
    if (claims.audience.front() != audience.issuer) return "aud is not the issuer";
    return std::nullopt;
  }
  // An audience beside ours could use the assertion itself, so there must be none.
  const auto is_ours = [&](const std::string& value) {
    return value == audience.issuer ||
           std::ranges::find(audience.endpoints, value) != audience.endpoints.end();
  };
  if (!std::ranges::all_of(claims.audience, is_ours)) return "aud names somebody else";
  return std::nullopt;
}

jose::Policy policy_for(const Client& client) {
  return {.issuer = client.client_id(),
          .audience = jose::AnyAudience{},  // judged above
          .allowed = assertion_algorithms(client),
          // No token of another kind passes for an assertion (RFC 8725 section 3.11).
          .types = {"", "JWT", "client-authentication+jwt"},
          .clock_skew = assertion_skew};
}

}  // namespace

std::optional<ClaimedAssertion> peek_assertion(std::string_view assertion) {
  auto jws = jose::parse_compact(assertion);
  if (!jws) return std::nullopt;
  auto claims = jose::parse_claims(jws->payload);
  if (!claims) return std::nullopt;
  return ClaimedAssertion{std::move(claims->issuer), std::move(jws->kid)};
}

std::vector<jose::Algorithm> assertion_algorithms(const Client& client) {
  using enum jose::Algorithm;
  std::vector<jose::Algorithm> allowed{ps256, es256, eddsa};
  // FAPI 2.0 Security Profile 5.4.1 leaves RS256 out.
  if (!client.is_fapi()) allowed.push_back(rs256);
  if (const auto registered = client.assertion_algorithm) {
    std::erase_if(allowed, [&](jose::Algorithm algorithm) { return algorithm != *registered; });
  }
  return allowed;
}

std::unexpected<Error> refuse_assertion(std::string reason) {
  return fail("invalid_client", "the client assertion is not accepted", 401,
              "client assertion: " + std::move(reason));
}

Result<VerifiedClient> verify_assertion(Client client, std::string_view assertion,
                                        const jose::KeySet& keys, const AssertionAudience& audience,
                                        base::Time now) {
  if (client.auth_method != AuthMethod::private_key_jwt) {
    return refuse_assertion("client " + client.client_id() + " is not registered for it");
  }
  const auto reason = [&](std::string_view why) {
    return "client " + client.client_id() + ": " + std::string(why);
  };
  const auto claims = jose::verify(assertion, keys, policy_for(client), now);
  if (!claims) return refuse_assertion(reason(jose::to_string(claims.error())));
  // RFC 7523 3: for client authentication, the subject MUST be the client_id.
  if (claims->subject != claims->issuer) return refuse_assertion(reason("sub is not the client"));
  if (const auto why = judge_audience(client, *claims, audience)) {
    return refuse_assertion(reason(*why));
  }
  if (claims->expires_at > now + assertion_longest_life + assertion_skew) {
    return refuse_assertion(reason("exp is too far ahead"));
  }
  // OpenID Connect Core 9: jti is REQUIRED, and MUST only be used once.
  if (claims->id.empty()) return refuse_assertion(reason("jti is missing"));
  return VerifiedClient(
      std::move(client), AuthMethod::private_key_jwt,
      OneTimeAssertion{base::sha256(claims->id), claims->expires_at + assertion_skew});
}

}  // namespace vestibule::oauth
