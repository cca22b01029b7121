#include "oauth/client_metadata.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <utility>

#include "jose/key_set.h"
#include "oauth/algorithms.h"
#include "oauth/grants/device_code.h"
#include "oauth/grants/grant.h"
#include "oauth/metadata_reader.h"

namespace vestibule::oauth {
namespace {

using Scheme = MetadataReader::Scheme;
using jose::Algorithm;

constexpr std::array self_grants = {grant_authorization_code, grant_refresh_token};
constexpr std::array operator_grants = {grant_authorization_code, grant_refresh_token,
                                        grant_client_credentials, grant_token_exchange,
                                        grant_device_code};

bool is_one_of(auto& list, std::string_view value) {
  return std::ranges::find(list, value) != list.end();
}

/// Reads one document into one client, part by part.
class ClientReader {
 public:
  ClientReader(const boost::json::object& document, const Client& identity, Registrant registrant)
      : read_(document), registrant_(registrant) {
    client_.id = identity.id;
    client_.organization = identity.organization;
    client_.project = identity.project;
    client_.secret_hash = identity.secret_hash;
    client_.registration_token_hash = identity.registration_token_hash;
    client_.created_at = identity.created_at;
  }

  Result<Client> run() {
    who();
    grants();
    redirects();
    keys();
    certificate();
    algorithms();
    requests();
    logout();
    if (registrant_ == Registrant::an_operator) {
      by_operator();
    } else {
      by_anyone();
    }
    if (client_.is_public() && client_.pkce != Pkce::required) {
      read_.refuse("pkce", "is required of a client without authentication");
    }
    if (auto good = read_.verdict(); !good) return std::unexpected(std::move(good.error()));
    return std::move(client_);
  }

 private:
  /// https for whoever is not an operator.
  Scheme strict() const {
    return registrant_ == Registrant::an_operator ? Scheme::web : Scheme::https_only;
  }

  void who() {
    read_.name("client_name", client_.name);
    read_.url("client_uri", Scheme::web, client_.display.client_uri);
    read_.url("logo_uri", Scheme::web, client_.display.logo_uri);
    read_.url("policy_uri", Scheme::web, client_.display.policy_uri);
    read_.url("tos_uri", Scheme::web, client_.display.tos_uri);
    read_.strings("contacts", client_.display.contacts);
    if (const auto type = read_.find_text("application_type")) {
      if (*type != "web" && *type != "native") {
        read_.refuse("application_type", "has to be web or native");
      }
      client_.application_type = *type;
    }
    client_.auth_method = AuthMethod::client_secret_basic;
    read_.choice("token_endpoint_auth_method", names::auth_methods, client_.auth_method);
    if (const auto type = read_.find_text("subject_type"); type && *type != "public") {
      read_.refuse("subject_type", "has to be public");
    }
    read_.url("sector_identifier_uri", Scheme::https_only, client_.sector_identifier_uri);
  }

  void grants() {
    client_.grant_types = {std::string(grant_authorization_code)};
    read_.strings("grant_types", client_.grant_types);
    for (const auto& type : client_.grant_types) {
      const bool known = registrant_ == Registrant::an_operator ? is_one_of(operator_grants, type)
                                                                : is_one_of(self_grants, type);
      if (!known) read_.refuse("grant_types", "has a value that is not supported");
    }
    if (client_.is_public() && client_.allows_grant(grant_client_credentials)) {
      read_.refuse("grant_types", "has client_credentials for a client without any");
    }
    // RFC 7591 2.1: the two have to be consistent.
    const bool by_code = client_.allows_grant(grant_authorization_code);
    std::vector<std::string> responses;
    if (by_code) responses = {"code"};
    const auto consistent = responses;
    read_.strings("response_types", responses);
    if (responses != consistent) {
      read_.refuse("response_types",
                   by_code ? "has to be code alone" : "is for the grant authorization_code");
    }
  }

  void redirects() {
    read_.strings("redirect_uris", client_.redirect_uris);
    read_.strings("post_logout_redirect_uris", client_.post_logout_redirect_uris);
    // RFC 7591 3.2.2 has a code of its own for them.
    const auto check = [&](const std::vector<std::string>& uris, std::string_view code) {
      for (const auto& uri : uris) {
        const auto wrong = refuse_redirect_uri(uri, client_.application_type, registrant_);
        if (wrong) read_.refuse(Error{code, quotable(uri) + " " + std::string(*wrong)});
      }
    };
    check(client_.redirect_uris, "invalid_redirect_uri");
    check(client_.post_logout_redirect_uris, "invalid_client_metadata");
    if (client_.redirect_uris.empty() && client_.allows_grant(grant_authorization_code)) {
      read_.refuse(Error{"invalid_redirect_uri", "redirect_uris is missing"});
    }
  }

  void keys() {
    read_.object("jwks", client_.jwks);
    read_.url("jwks_uri", strict(), client_.jwks_uri);
    if (!client_.jwks.empty() && !client_.jwks_uri.empty()) {
      read_.refuse("jwks", "and jwks_uri must not both be there");
    }
    if (!client_.jwks.empty()) {
      const auto set = jose::KeySet::from_json(client_.jwks);
      if (!set) {
        read_.refuse("jwks", "is no JWK Set of public keys");
      } else if (set->keys().empty()) {
        read_.refuse("jwks", "has no key that can be used");
      }
    }
    if (client_.auth_method == AuthMethod::private_key_jwt && client_.jwks.empty() &&
        client_.jwks_uri.empty()) {
      read_.refuse("token_endpoint_auth_method", "private_key_jwt needs jwks or jwks_uri");
    }
  }

  /// RFC 8705 2.1.2: exactly one of the five, for this method and no other.
  void certificate() {
    for (const auto& [kind, name] : names::subject_kinds) {
      const auto member = "tls_client_auth_" +
                          std::string(kind == CertificateSubject::Kind::dn ? "subject_dn" : name);
      auto value = read_.find_text(member);
      if (!value) continue;
      if (client_.certificate_subject) read_.refuse(member, "is one subject too many");
      if (value->empty()) read_.refuse(member, "is empty");
      client_.certificate_subject = CertificateSubject{kind, *std::move(value)};
    }
    const bool needed = client_.auth_method == AuthMethod::tls_client_auth;
    if (needed != client_.certificate_subject.has_value()) {
      read_.refuse("token_endpoint_auth_method",
                   needed ? "tls_client_auth needs the subject of a certificate"
                          : "has to be tls_client_auth for the subject of a certificate");
    }
    bool by_certificate = false;
    bool by_proof = false;
    read_.flag("tls_client_certificate_bound_access_tokens", by_certificate);
    read_.flag("dpop_bound_access_tokens", by_proof);
    if (by_certificate && by_proof) {
      read_.refuse("dpop_bound_access_tokens", "and a binding to certificates exclude each other");
    }
    if (by_certificate) client_.sender_constraint = SenderConstraint::mtls;
    if (by_proof) client_.sender_constraint = SenderConstraint::dpop;
  }

  void algorithms() {
    std::optional<Algorithm> id_token;
    read_.algorithm("id_token_signed_response_alg", known_algorithms, id_token);
    client_.id_token_algorithm = id_token.value_or(Algorithm::rs256);
    read_.algorithm("userinfo_signed_response_alg", known_algorithms, client_.userinfo_algorithm);
    read_.algorithm("introspection_signed_response_alg", known_algorithms,
                    client_.introspection_algorithm);
    read_.algorithm("authorization_signed_response_alg", known_algorithms,
                    client_.authorization_response_algorithm);
    read_.algorithm("token_endpoint_auth_signing_alg", known_algorithms,
                    client_.assertion_algorithm);
    read_.algorithm("request_object_signing_alg", known_algorithms,
                    client_.request_object_algorithm);
    for (const std::string_view what :
         {"id_token_encrypted_response", "userinfo_encrypted_response",
          "introspection_encrypted_response", "authorization_encrypted_response",
          "request_object_encryption"}) {
      for (const std::string_view part : {"_alg", "_enc"}) {
        const auto member = std::string(what).append(part);
        if (read_.has(member)) read_.refuse(member, "asks for encryption, which is not supported");
      }
    }
  }

  void requests() {
    read_.flag("require_signed_request_object", client_.requires_signed_request_object);
    read_.flag("require_pushed_authorization_requests", client_.requires_pushed_request);
    read_.flag("require_auth_time", client_.requires_auth_time);
    base::Seconds max_age{0};
    read_.seconds("default_max_age", 0, base::Seconds(std::chrono::days(3650)).count(), max_age);
    if (read_.has("default_max_age")) client_.default_max_age = max_age;
    read_.strings("default_acr_values", client_.default_acr_values);
    read_.strings("request_uris", client_.request_uris);
    for (const auto& text : client_.request_uris) {
      // Core 6.2: the fragment may be the hash of the content.
      const auto uri = parse_client_uri(text);
      const bool good = uri && uri->is_web() && !uri->has_userinfo && text.size() <= 512 &&
                        (strict() == Scheme::web || uri->scheme == "https");
      if (!good) read_.refuse("request_uris", "has to be https URLs of at most 512 bytes");
    }
  }

  void logout() {
    auto& back = client_.backchannel_logout;
    read_.url("backchannel_logout_uri", Scheme::web, back.uri);
    read_.flag("backchannel_logout_session_required", back.session_required);
    // Back-Channel Logout 2.2: http only for a client that can keep a secret.
    if (client_.is_public() && back.uri.starts_with("http:")) {
      read_.refuse("backchannel_logout_uri", "has to be https for a client without authentication");
    }
    auto& front = client_.frontchannel_logout;
    read_.url("frontchannel_logout_uri", Scheme::web, front.uri);
    read_.flag("frontchannel_logout_session_required", front.session_required);
    if (front.uri.empty()) return;
    // Front-Channel Logout 2: scheme, host and port are those of a redirect URI.
    const auto origin = parse_client_uri(front.uri)->origin;
    const bool known = std::ranges::any_of(client_.redirect_uris, [&](const auto& text) {
      const auto uri = parse_client_uri(text);
      return uri && uri->origin == origin;
    });
    if (!known) read_.refuse("frontchannel_logout_uri", "is of another origin than redirect_uris");
  }

  void by_anyone() {
    client_.consent = Consent::asked;
    client_.pkce = client_.is_public() ? Pkce::required : Pkce::optional;
    client_.id_token_claims = Client::IdTokenClaims::minimal;
  }

  void by_operator() {
    read_.choice("profile", names::profiles, client_.profile);
    read_.choice("consent", names::consents, client_.consent);
    read_.choice("pkce", names::pkces, client_.pkce);
    client_.id_token_claims = Client::IdTokenClaims::minimal;
    read_.choice("id_token_claims", names::claim_places, client_.id_token_claims);
    read_.choice("access_token_format", names::formats, client_.access_token_format);
    std::optional<Algorithm> access;
    read_.algorithm("access_token_signed_response_alg", known_algorithms, access);
    client_.access_token_algorithm = access.value_or(Algorithm::es256);
    read_.seconds("access_token_lifetime", 10, base::Seconds(std::chrono::days(30)).count(),
                  client_.access_token_lifetime);
    read_.seconds("refresh_token_lifetime", 60, base::Seconds(std::chrono::days(3650)).count(),
                  client_.refresh_lifetime);
    read_.strings("audiences", client_.audiences);
    std::vector<std::string> actors;
    read_.strings("actors", actors);
    for (const auto& text : actors) {
      const auto id = base::parse_id<base::UserId>(text);
      if (id) {
        client_.actors.push_back(*id);
      } else {
        read_.refuse("actors", "has to be ids of service accounts");
      }
    }
  }

  MetadataReader read_;
  const Registrant registrant_;
  Client client_;
};

}  // namespace

Result<Client> read_client_metadata(const boost::json::object& document, const Client& identity,
                                    Registrant registrant) {
  return ClientReader(document, identity, registrant).run();
}

Result<void> check_sector_identifier(const Client& client, std::string_view document) {
  const auto wrong = [](std::string why) {
    return fail("invalid_client_metadata", "sector_identifier_uri " + std::move(why));
  };
  boost::json::error_code malformed;
  const auto parsed =
      boost::json::parse(boost::json::string_view(document.data(), document.size()), malformed);
  if (malformed || !parsed.is_array()) return wrong("does not lead to a JSON array");
  const auto& listed = parsed.as_array();
  for (const auto& uri : client.redirect_uris) {
    const bool there = std::ranges::any_of(listed, [&](const boost::json::value& item) {
      return item.is_string() && std::string_view(item.as_string()) == uri;
    });
    if (!there) return wrong("does not list every redirect URI");
  }
  return {};
}

}  // namespace vestibule::oauth
