#include "oauth/logout_token.h"

#include <stdexcept>
#include <utility>

#include "jose/claims_writer.h"
#include "jose/signing_key.h"

namespace vestibule::oauth {

std::string sign_logout_token(const std::string& issuer, const keys::KeyRing& ring,
                              const LogoutToken& token, jose::Algorithm algorithm) {
  jose::ClaimsWriter writer;
  writer.text("iss", issuer)
      .text("sub", token.subject)
      .text("aud", base::to_string(token.client))
      .time("iat", token.issued_at)
      .time("exp", token.issued_at + logout_token_life)
      .text("jti", token.jti)
      .raw("events", R"({"http://schemas.openid.net/event/backchannel-logout":{}})")
      .text("sid", token.session.token());
  const auto keys = ring.ring();
  const auto* signer = keys->signer(algorithm);
  if (signer == nullptr) {
    throw std::runtime_error("no signing key for " + std::string(jose::to_string(algorithm)));
  }
  return jose::sign_compact(*signer, jose::TokenType::logout_token, std::move(writer).finish());
}

}  // namespace vestibule::oauth
