#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "oauth/client_metadata.h"
#include "oauth/client_names.h"
#include "oauth/grants/grant.h"

namespace vestibule::oauth {
namespace {

namespace json = boost::json;

class Metadata {
 public:
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) document[name] = value;
  }
  void flag(std::string_view name, bool value) {
    if (value) document[name] = true;
  }
  void strings(std::string_view name, const std::vector<std::string>& values) {
    if (!values.empty()) document[name] = json::array(values.begin(), values.end());
  }
  void algorithm(std::string_view name, const std::optional<jose::Algorithm>& value) {
    if (value) document[name] = jose::to_string(*value);
  }
  void logout(const std::string& channel, const LogoutUri& value) {
    if (value.uri.empty()) return;
    document[channel + "_logout_uri"] = value.uri;
    document[channel + "_logout_session_required"] = value.session_required;
  }

  json::object document = {};
};

void write_authentication(Metadata& out, const Client& client) {
  out.text("token_endpoint_auth_method", names::name_in(names::auth_methods, client.auth_method));
  out.algorithm("token_endpoint_auth_signing_alg", client.assertion_algorithm);
  if (!client.jwks.empty()) out.document["jwks"] = json::parse(client.jwks);
  out.text("jwks_uri", client.jwks_uri);
  if (const auto& subject = client.certificate_subject) {
    const auto kind = subject->kind == CertificateSubject::Kind::dn
                          ? std::string_view("subject_dn")
                          : names::name_in(names::subject_kinds, subject->kind);
    out.text(std::string("tls_client_auth_").append(kind), subject->value);
  }
  out.flag("tls_client_certificate_bound_access_tokens",
           client.sender_constraint == SenderConstraint::mtls);
  out.flag("dpop_bound_access_tokens", client.sender_constraint == SenderConstraint::dpop);
}

void write_requests(Metadata& out, const Client& client) {
  out.algorithm("request_object_signing_alg", client.request_object_algorithm);
  out.flag("require_signed_request_object", client.requires_signed_request_object);
  out.flag("require_pushed_authorization_requests", client.requires_pushed_request);
  out.strings("request_uris", client.request_uris);
  out.flag("require_auth_time", client.requires_auth_time);
  if (client.default_max_age) out.document["default_max_age"] = client.default_max_age->count();
  out.strings("default_acr_values", client.default_acr_values);
}

void write_answers(Metadata& out, const Client& client) {
  out.text("subject_type", "public");
  out.text("sector_identifier_uri", client.sector_identifier_uri);
  out.algorithm("id_token_signed_response_alg", client.id_token_algorithm);
  out.algorithm("userinfo_signed_response_alg", client.userinfo_algorithm);
  out.algorithm("introspection_signed_response_alg", client.introspection_algorithm);
  out.algorithm("authorization_signed_response_alg", client.authorization_response_algorithm);
}

void write_for_operator(Metadata& out, const Client& client) {
  using names::name_in;
  out.text("profile", name_in(names::profiles, client.profile));
  out.text("consent", name_in(names::consents, client.consent));
  out.text("pkce", name_in(names::pkces, client.pkce));
  out.text("id_token_claims", name_in(names::claim_places, client.id_token_claims));
  out.text("access_token_format", name_in(names::formats, client.access_token_format));
  out.algorithm("access_token_signed_response_alg", client.access_token_algorithm);
  out.document["access_token_lifetime"] = client.access_token_lifetime.count();
  out.document["refresh_token_lifetime"] = client.refresh_lifetime.count();
  out.strings("audiences", client.audiences);
  std::vector<std::string> actors;
  for (const auto actor : client.actors) actors.push_back(base::to_string(actor));
  out.strings("actors", actors);
}

}  // namespace

json::object client_metadata(const Client& client, Registrant registrant) {
  Metadata out;
  out.text("client_id", client.client_id());
  out.text("client_name", client.name);
  out.text("application_type", client.application_type);
  out.document["redirect_uris"] =
      json::array(client.redirect_uris.begin(), client.redirect_uris.end());
  out.document["grant_types"] = json::array(client.grant_types.begin(), client.grant_types.end());
  out.document["response_types"] =
      client.allows_grant(grant_authorization_code) ? json::array{"code"} : json::array{};
  write_authentication(out, client);
  write_answers(out, client);
  write_requests(out, client);
  out.strings("post_logout_redirect_uris", client.post_logout_redirect_uris);
  out.logout("backchannel", client.backchannel_logout);
  out.logout("frontchannel", client.frontchannel_logout);
  out.text("client_uri", client.display.client_uri);
  out.text("logo_uri", client.display.logo_uri);
  out.text("policy_uri", client.display.policy_uri);
  out.text("tos_uri", client.display.tos_uri);
  out.strings("contacts", client.display.contacts);
  if (registrant == Registrant::an_operator) write_for_operator(out, client);
  return std::move(out.document);
}

}  // namespace vestibule::oauth
