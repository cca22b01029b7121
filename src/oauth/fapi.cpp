#include "oauth/fapi.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "oauth/algorithms.h"
#include "oauth/client_algorithms.h"

namespace vestibule::oauth {
namespace {

bool has_keys(const Client& client) {
  return !client.jwks.empty() || !client.jwks_uri.empty();
}

bool is_native_loopback(const Client& client, std::string_view uri) {
  return client.application_type == "native" &&
         (uri.starts_with("http://127.0.0.1") || uri.starts_with("http://[::1]"));
}

bool is_fapi_algorithm(const std::optional<jose::Algorithm>& algorithm) {
  return !algorithm || contains(fapi_algorithms, *algorithm);
}

/// Whom a rule is for.
enum class For { all, fapi };

struct Rule {
  For clients;
  std::string_view text;  ///< what the client is told
  bool (*kept)(const Client&);
  std::string_view code = "invalid_client_metadata";
};

constexpr std::array rules{
    Rule{For::all, "a public client must use PKCE",
         [](const Client& c) { return !c.is_public() || c.pkce == Pkce::required; }},
    // RFC 7591 section 2: jwks and jwks_uri must not both be present.
    Rule{For::all, "jwks and jwks_uri exclude each other",
         [](const Client& c) { return c.jwks.empty() || c.jwks_uri.empty(); }},
    Rule{For::all, "private_key_jwt needs jwks or jwks_uri",
         [](const Client& c) {
           return c.auth_method != AuthMethod::private_key_jwt || has_keys(c);
         }},
    Rule{For::all, "tls_client_auth needs the subject of the certificate",
         [](const Client& c) {
           return c.auth_method != AuthMethod::tls_client_auth || c.certificate_subject.has_value();
         }},
    Rule{For::all, "signed request objects need jwks or jwks_uri",
         [](const Client& c) { return !requires_signed_request(c) || has_keys(c); }},
    Rule{For::all, "request_uris must be https",
         [](const Client& c) {
           return std::ranges::all_of(c.request_uris,
                                      [](const auto& uri) { return uri.starts_with("https://"); });
         }},
    // FAPI 2.0 Security Profile section 5.3.2.1: only confidential clients, which authenticate by
    // MTLS or private_key_jwt.
    Rule{For::fapi, "the profile needs private_key_jwt or tls_client_auth",
         [](const Client& c) {
           return c.auth_method == AuthMethod::private_key_jwt ||
                  c.auth_method == AuthMethod::tls_client_auth;
         }},
    // Section 5.3.2.1: only sender-constrained access tokens.
    Rule{For::fapi, "the profile needs tokens bound by DPoP or mTLS",
         [](const Client& c) { return c.sender_constraint != SenderConstraint::none; }},
    // Section 5.3.2.2: PKCE with S256.
    Rule{For::fapi, "the profile needs PKCE",
         [](const Client& c) { return c.pkce == Pkce::required; }},
    // Section 5.4.1: PS256, ES256 or EdDSA.
    Rule{For::fapi, "the profile allows PS256, ES256 and EdDSA only",
         [](const Client& c) {
           return std::ranges::all_of(signing_algorithms(c),
                                      [](jose::Algorithm a) { return is_fapi_algorithm(a); }) &&
                  is_fapi_algorithm(c.assertion_algorithm) &&
                  is_fapi_algorithm(c.request_object_algorithm);
         }},
    // Section 5.3.2.2: no http redirect URI but the loopback address of a native client.
    Rule{For::fapi, "the profile needs https redirect URIs",
         [](const Client& c) {
           return std::ranges::all_of(c.redirect_uris, [&](const std::string& uri) {
             return uri.starts_with("https://") || is_native_loopback(c, uri);
           });
         },
         "invalid_redirect_uri"},
};

}  // namespace

Result<void> check_client_configuration(const Client& client) {
  for (const auto& rule : rules) {
    if (rule.clients == For::fapi && !client.is_fapi()) continue;
    if (!rule.kept(client)) return fail(rule.code, std::string(rule.text));
  }
  return {};
}

bool requires_pushed_request(const Client& client) {
  return client.is_fapi() || client.requires_pushed_request;
}

bool requires_signed_request(const Client& client) {
  return client.profile == Profile::fapi2_message_signing || client.requires_signed_request_object;
}

bool requires_pkce(const Client& client) {
  return client.is_public() || client.is_fapi() || client.pkce == Pkce::required;
}

bool rotates_refresh_tokens(const Client& client) {
  return !client.is_fapi();
}

std::vector<jose::Algorithm> request_object_algorithms(const Client& client) {
  if (client.request_object_algorithm) return {*client.request_object_algorithm};
  if (client.is_fapi()) return {fapi_algorithms.begin(), fapi_algorithms.end()};
  return {known_algorithms.begin(), known_algorithms.end()};
}

jose::Algorithm authorization_response_algorithm(const Client& client) {
  if (client.authorization_response_algorithm) return *client.authorization_response_algorithm;
  return client.is_fapi() ? client.id_token_algorithm : jose::Algorithm::rs256;
}

}  // namespace vestibule::oauth
