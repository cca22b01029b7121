#include "oauth/signed_introspection.h"

#include <utility>

#include "jose/claims_writer.h"

namespace vestibule::oauth {

jose::Algorithm introspection_algorithm(const Client& client) {
  return client.introspection_algorithm.value_or(client.is_fapi() ? jose::Algorithm::es256
                                                                  : jose::Algorithm::rs256);
}

std::string sign_introspection(const jose::SigningKey& key, std::string_view issuer,
                               const Client& caller, std::string_view body, base::Time now) {
  jose::ClaimsWriter writer;
  writer.text("iss", issuer)
      .text("aud", caller.client_id())
      .time("iat", now)
      .raw("token_introspection", body);
  return jose::sign_compact(key, jose::TokenType::introspection, std::move(writer).finish());
}

}  // namespace vestibule::oauth
