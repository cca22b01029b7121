#include "oauth/token_binding.h"

#include "jose/claims_writer.h"

namespace vestibule::oauth {

Result<void> require_constraint(const Client& client, const HeldKeys& held) {
  switch (client.sender_constraint) {
    case SenderConstraint::none:
      break;
    case SenderConstraint::dpop:
      if (!held.jkt) return fail("invalid_dpop_proof", "this client has to send a DPoP proof");
      break;
    case SenderConstraint::mtls:
      if (held.jkt) {
        return fail("invalid_dpop_proof", "the tokens of this client are bound to its certificate");
      }
      if (!held.x5t_s256) return fail("invalid_request", "a client certificate is needed");
      break;
  }
  return {};
}

Confirmation confirmation_of(const Client& client, const HeldKeys& held) {
  if (client.sender_constraint == SenderConstraint::mtls) {
    return {.x5t_s256 = held.x5t_s256.value_or("")};
  }
  return {.jkt = held.jkt.value_or("")};
}

Confirmation refresh_confirmation_of(const Client& client, const HeldKeys& held) {
  return client.is_public() ? confirmation_of(client, held) : Confirmation{};
}

Result<void> check_possession(const Confirmation& confirmation, const HeldKeys& held) {
  if (!satisfies(confirmation, held)) {
    return fail("access_denied", "access token invalid", 401, "bound to a key that was not shown");
  }
  if (held.jkt && confirmation.jkt.empty()) {
    return fail("access_denied", "access token invalid", 401, "a proof with a token without key");
  }
  return {};
}

std::string_view token_type_of(const Confirmation& confirmation) {
  return confirmation.jkt.empty() ? "Bearer" : "DPoP";
}

void write_confirmation(jose::ClaimsWriter& writer, const Confirmation& confirmation) {
  if (confirmation.empty()) return;
  writer.begin_object("cnf")
      .text_if("jkt", confirmation.jkt)
      .text_if("x5t#S256", confirmation.x5t_s256)
      .end_object();
}

}  // namespace vestibule::oauth
