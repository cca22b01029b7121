#include "oauth/discovery.h"

#include <utility>
#include <vector>

#include "jose/claims_writer.h"
#include "oauth/algorithms.h"
#include "oauth/authorization_response.h"
#include "oauth/grants/grant.h"

namespace vestibule::oauth {

std::string metadata_json(const std::string& issuer, const Capabilities&) {
  using Strings = std::vector<std::string>;
  const Strings client_methods = {"none", "client_secret_basic", "client_secret_post"};
  const Strings secret_methods = {"client_secret_basic", "client_secret_post"};
  jose::ClaimsWriter writer;
  writer.text("issuer", issuer)
      .text("authorization_endpoint", issuer + paths::authorize)
      .text("pushed_authorization_request_endpoint", issuer + paths::par)
      .boolean("require_pushed_authorization_requests", false)
      .text("token_endpoint", issuer + paths::token)
      .text("introspection_endpoint", issuer + paths::introspect)
      .text("userinfo_endpoint", issuer + paths::userinfo)
      .text("revocation_endpoint", issuer + paths::revoke)
      .text("end_session_endpoint", issuer + paths::end_session)
      .text("jwks_uri", issuer + paths::keys)
      .strings("scopes_supported",
               Strings{"openid", "profile", "email", "phone", "offline_access",
                       std::string(scope_metadata), std::string(scope_resourceowner)})
      .strings("response_types_supported", Strings{"code"})
      .strings("response_modes_supported", response_mode_names())
      .strings("authorization_signing_alg_values_supported", algorithm_names(known_algorithms))
      .strings("grant_types_supported",
               Strings{std::string(grant_authorization_code), std::string(grant_refresh_token),
                       std::string(grant_client_credentials), std::string(grant_token_exchange)})
      .strings("subject_types_supported", Strings{"public"})
      .strings("id_token_signing_alg_values_supported", algorithm_names(known_algorithms))
      .strings("token_endpoint_auth_methods_supported", client_methods)
      .strings("revocation_endpoint_auth_methods_supported", client_methods)
      .strings("introspection_endpoint_auth_methods_supported", secret_methods)
      .strings("code_challenge_methods_supported", Strings{"S256"})
      .strings("prompt_values_supported", Strings{"none", "login", "consent", "select_account"})
      .strings("acr_values_supported", Strings{"0", "1"})
      .strings("claims_supported", Strings{"sub",
                                           "aud",
                                           "exp",
                                           "iat",
                                           "iss",
                                           "auth_time",
                                           "nonce",
                                           "acr",
                                           "amr",
                                           "at_hash",
                                           "act",
                                           "sid",
                                           "client_id",
                                           "azp",
                                           "preferred_username",
                                           "name",
                                           "family_name",
                                           "given_name",
                                           "nickname",
                                           "gender",
                                           "locale",
                                           "updated_at",
                                           "email",
                                           "email_verified",
                                           "phone_number",
                                           "phone_number_verified"})
      .boolean("claims_parameter_supported", false)
      .boolean("request_parameter_supported", false)
      .boolean("request_uri_parameter_supported", false)
      .boolean("authorization_response_iss_parameter_supported", true);
  return std::move(writer).finish();
}

}  // namespace vestibule::oauth
