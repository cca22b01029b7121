#include "remote/id_token.h"

#include <boost/json/parse.hpp>

#include "jose/jwt.h"
#include "remote/members.h"

namespace vestibule::remote {

namespace json = boost::json;

namespace {

constexpr base::Seconds leeway{30};

std::unexpected<CallError> invalid(std::string_view why) {
  return std::unexpected(CallError{.kind = CallError::Kind::refused,
                                   .status = 0,
                                   .code = "invalid_token",
                                   .detail = "ID token: " + std::string(why)});
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace

Called<Identity> IdTokenVerifier::verify(const base::Secret& id_token, base::Time now) {
  // What cannot be a token is no reason to ask for keys.
  const auto jws = jose::parse_compact(id_token.reveal());
  if (!jws) return invalid(jose::to_string(jws.error()));
  const auto keys = keys_.load(jws->kid);
  if (!keys) return std::unexpected(keys.error());
  const jose::Policy policy{.issuer = issuer_,
                            .audience = client_id_,
                            .allowed = {jose::Algorithm::rs256, jose::Algorithm::es256,
                                        jose::Algorithm::ps256, jose::Algorithm::eddsa},
                            .types = {"", "JWT"},
                            .clock_skew = leeway};
  const auto claims = jose::verify(id_token.reveal(), **keys, policy, now);
  if (!claims) return invalid(jose::to_string(claims.error()));
  if (!claims->issued_at) return invalid("iat is missing");
  // 3.1.3.7, steps 4 and 5: several audiences need an `azp`, and one that is there names us.
  const bool needs_party = claims->audience.size() > 1 || !claims->authorized_party.empty();
  if (needs_party && claims->authorized_party != client_id_)
    return invalid("azp is not the client");

  bool wrong = false;
  const auto body = json::parse(claims->json).as_object();
  const Members members(body, wrong);
  Identity identity{.subject = claims->subject,
                    .name = members.text("name"),
                    .given_name = members.text("given_name"),
                    .family_name = members.text("family_name"),
                    .email = members.text("email"),
                    .email_verified = members.flag("email_verified"),
                    .auth_time = claims->auth_time,
                    .amr = joined(claims->amr),
                    .nonce = claims->nonce};
  if (wrong) return invalid("a claim of a wrong type");
  return identity;
}

}  // namespace vestibule::remote
