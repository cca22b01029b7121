#include "oauth/discovery.h"

#include <utility>
#include <vector>

#include "base/text.h"
#include "jose/claims_writer.h"
#include "oauth/algorithms.h"
#include "oauth/authorization_response.h"
#include "oauth/claim_names.h"
#include "oauth/dpop.h"
#include "oauth/grants/device_code.h"
#include "oauth/grants/grant.h"
#include "oauth/grants/jwt_bearer.h"

namespace vestibule::oauth {
namespace {

/// What tokens say of themselves and of the sign-in, and what there is to know of a user.
std::vector<std::string> supported_claims() {
  std::vector<std::string> names = {"sub", "aud", "exp",     "iat", "iss", "auth_time", "nonce",
                                    "acr", "amr", "at_hash", "act", "sid", "client_id", "azp"};
  for (const auto& claim : claim_names) names.emplace_back(claim.name);
  return names;
}

/// RFC 8705 section 5: the endpoints at which a client may show a certificate.
void write_mtls(jose::ClaimsWriter& writer, const Capabilities& capabilities) {
  if (!capabilities.mtls) return;
  writer.boolean("tls_client_certificate_bound_access_tokens", true);
  const auto& origin = capabilities.mtls_origin;
  if (origin.empty()) return;
  writer.begin_object("mtls_endpoint_aliases")
      .text("pushed_authorization_request_endpoint", origin + paths::par)
      .text("token_endpoint", origin + paths::token)
      .text("introspection_endpoint", origin + paths::introspect)
      .text("revocation_endpoint", origin + paths::revoke)
      .text("userinfo_endpoint", origin + paths::userinfo)
      .end_object();
}

}  // namespace

std::string metadata_json(const std::string& issuer, const Capabilities& capabilities) {
  using Strings = std::vector<std::string>;
  Strings confidential_methods = {"client_secret_basic", "client_secret_post", "private_key_jwt"};
  if (capabilities.mtls) confidential_methods.emplace_back("tls_client_auth");
  Strings client_methods = confidential_methods;
  client_methods.insert(client_methods.begin(), "none");
  const Strings assertion_algorithms = {"RS256", "PS256", "ES256", "EdDSA"};
  jose::ClaimsWriter writer;
  writer.text("issuer", issuer)
      .text("authorization_endpoint", issuer + paths::authorize)
      .text("pushed_authorization_request_endpoint", issuer + paths::par)
      .boolean("require_pushed_authorization_requests", false)
      .text("token_endpoint", issuer + paths::token)
      .text("introspection_endpoint", issuer + paths::introspect)
      .text("userinfo_endpoint", issuer + paths::userinfo)
      .text("revocation_endpoint", issuer + paths::revoke)
      .text("device_authorization_endpoint", issuer + paths::device_authorization)
      .text("end_session_endpoint", issuer + paths::end_session)
      .text("jwks_uri", issuer + paths::keys)
      .strings("scopes_supported",
               Strings{"openid", "profile", "email", "address", "phone", "offline_access",
                       std::string(scope_metadata), std::string(scope_resourceowner)})
      .strings("response_types_supported", Strings{"code"})
      .strings("response_modes_supported", response_mode_names())
      .strings("authorization_signing_alg_values_supported", algorithm_names(known_algorithms))
      .strings("grant_types_supported",
               Strings{std::string(grant_authorization_code), std::string(grant_refresh_token),
                       std::string(grant_client_credentials), std::string(grant_token_exchange),
                       std::string(grant_jwt_bearer), std::string(grant_device_code)})
      .strings("subject_types_supported", Strings{"public"})
      .strings("id_token_signing_alg_values_supported", algorithm_names(known_algorithms))
      .strings("token_endpoint_auth_methods_supported", client_methods)
      .strings("token_endpoint_auth_signing_alg_values_supported", assertion_algorithms)
      .strings("revocation_endpoint_auth_methods_supported", client_methods)
      .strings("revocation_endpoint_auth_signing_alg_values_supported", assertion_algorithms)
      .strings("introspection_endpoint_auth_methods_supported", confidential_methods)
      .strings("introspection_endpoint_auth_signing_alg_values_supported", assertion_algorithms)
      .strings("introspection_signing_alg_values_supported", algorithm_names(known_algorithms))
      .strings("dpop_signing_alg_values_supported", base::split_words(dpop_algorithm_names()))
      .strings("code_challenge_methods_supported", Strings{"S256"})
      .strings("prompt_values_supported", Strings{"none", "login", "consent", "select_account"})
      .strings("acr_values_supported", Strings{"0", "1"})
      .strings("claims_supported", supported_claims())
      .boolean("claims_parameter_supported", true)
      .strings("ui_locales_supported", Strings{"en"})
      .strings("userinfo_signing_alg_values_supported", algorithm_names(known_algorithms))
      .boolean("request_parameter_supported", true)
      .boolean("request_uri_parameter_supported", true)
      .boolean("require_request_uri_registration", true)
      .strings("request_object_signing_alg_values_supported", algorithm_names(known_algorithms))
      .boolean("authorization_response_iss_parameter_supported", true)
      .boolean("backchannel_logout_supported", true)
      .boolean("backchannel_logout_session_supported", true)
      .boolean("frontchannel_logout_supported", true)
      .boolean("frontchannel_logout_session_supported", true);
  if (capabilities.registration) {
    writer.text("registration_endpoint", issuer + paths::registration);
  }
  write_mtls(writer, capabilities);
  return std::move(writer).finish();
}

}  // namespace vestibule::oauth
