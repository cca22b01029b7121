#include "app/conformance_clients.h"

#include "app/conformance_certificates.h"
#include "oauth/client_settings.h"

namespace vestibule::app {
namespace {

using oauth::AuthMethod;
using oauth::Profile;
using oauth::SenderConstraint;

std::string suite_uri(const ConformanceOptions& options, std::string_view page) {
  return options.suite_url + "/test/a/" + options.alias + "/" + std::string(page);
}

oauth::Client base_client(const Installation& installation, const ConformanceOptions& options,
                          std::string name, AuthMethod method) {
  oauth::Client client;
  client.organization = installation.organization;
  client.project = installation.project;
  client.name = std::move(name);
  client.auth_method = method;
  client.redirect_uris = {suite_uri(options, "callback")};
  client.post_logout_redirect_uris = {suite_uri(options, "post_logout_redirect")};
  client.grant_types = {"authorization_code", "refresh_token"};
  // The suite warns about an ID token that says what was asked of userinfo.
  client.id_token_claims = oauth::Client::IdTokenClaims::minimal;
  client.pkce = oauth::Pkce::optional;
  return client;
}

/// The names that the plans' variants have.
std::string_view constraint_name(SenderConstraint constraint) {
  return constraint == SenderConstraint::dpop ? "dpop" : "mtls";
}

oauth::Client fapi_client(const Installation& installation, const ConformanceOptions& options,
                          Profile profile, AuthMethod method, SenderConstraint constraint,
                          std::string_view which) {
  const bool signs = profile == Profile::fapi2_message_signing;
  std::string name = signs ? "fapi2-message-signing-" : "fapi2-security-";
  name.append(oauth::to_string(method)).append("-").append(constraint_name(constraint));
  name.append("-").append(which);
  auto client = base_client(installation, options, std::move(name), method);
  // The suite's second client comes back with these.
  client.redirect_uris.push_back(suite_uri(options, "callback?dummy1=lorem&dummy2=ipsum"));
  client.profile = profile;
  client.pkce = oauth::Pkce::required;
  // A plan has a user who refuses.
  client.consent = oauth::Consent::asked;
  client.sender_constraint = constraint;
  client.access_token_lifetime = base::Seconds{300};
  // FAPI 2.0 Security Profile 5.4.1: PS256, ES256 or EdDSA.
  client.id_token_algorithm = jose::Algorithm::es256;
  client.assertion_algorithm = jose::Algorithm::es256;
  client.requires_pushed_request = true;
  if (signs) {
    client.requires_signed_request_object = true;
    client.request_object_algorithm = jose::Algorithm::es256;
    client.authorization_response_algorithm = jose::Algorithm::es256;
  }
  return client;
}

}  // namespace

std::vector<ConformanceClient> conformance_clients(const Installation& installation,
                                                   const ConformanceOptions& options) {
  std::vector<ConformanceClient> out;
  const auto add = [&](const char* name, AuthMethod method) -> oauth::Client& {
    return out.emplace_back(base_client(installation, options, name, method)).client;
  };
  add("client", AuthMethod::client_secret_basic);
  add("client2", AuthMethod::client_secret_basic);
  add("client_secret_post", AuthMethod::client_secret_post);
  add("backchannel", AuthMethod::client_secret_basic).backchannel_logout = {
      suite_uri(options, "backchannel_logout"), true};
  add("frontchannel", AuthMethod::client_secret_basic).frontchannel_logout = {
      suite_uri(options, "frontchannel_logout"), true};

  for (const auto profile : {Profile::fapi2_security, Profile::fapi2_message_signing}) {
    for (const auto method : {AuthMethod::private_key_jwt, AuthMethod::tls_client_auth}) {
      for (const auto constraint : {SenderConstraint::dpop, SenderConstraint::mtls}) {
        for (const auto holder : {CertificateHolder::client, CertificateHolder::client2}) {
          const bool first = holder == CertificateHolder::client;
          auto& made = out.emplace_back(fapi_client(installation, options, profile, method,
                                                    constraint, first ? "client" : "client2"));
          const bool shows = method == AuthMethod::tls_client_auth;
          if (shows || constraint == SenderConstraint::mtls) made.certificate = holder;
          if (shows) {
            made.client.certificate_subject = oauth::CertificateSubject{
                oauth::CertificateSubject::Kind::dn,
                "CN=" + std::string(first ? first_certificate_name : second_certificate_name)};
          }
        }
      }
    }
  }
  return out;
}

}  // namespace vestibule::app
