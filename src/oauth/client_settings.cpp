#include "oauth/client_settings.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>
#include <utility>

#include "base/encoding.h"
#include "oauth/client_names.h"

namespace vestibule::oauth {
namespace {

namespace json = boost::json;
using namespace names;

/// Writes members that differ from those of a client that nobody configured, so that a document
/// says only what somebody chose.
class Writer {
 public:
  explicit Writer(json::object& document) : document_(document) {}

  void text(std::string_view name, const std::string& value, std::string_view otherwise = {}) {
    if (value != otherwise) document_[name] = value;
  }
  void flag(std::string_view name, bool value) {
    if (value) document_[name] = true;
  }
  void strings(std::string_view name, const std::vector<std::string>& values) {
    if (!values.empty()) document_[name] = json::array(values.begin(), values.end());
  }
  void seconds(std::string_view name, base::Seconds value) { document_[name] = value.count(); }
  void seconds(std::string_view name, const std::optional<base::Seconds>& value) {
    if (value) seconds(name, *value);
  }
  void algorithm(std::string_view name, const std::optional<jose::Algorithm>& value) {
    if (value) document_[name] = jose::to_string(*value);
  }
  template <class E, std::size_t N>
  void choice(std::string_view name, const Names<E, N>& names, E value) {
    document_[name] = name_in(names, value);
  }
  void logout(std::string_view name, const LogoutUri& value) {
    if (value.uri.empty()) return;
    document_[name] =
        json::object{{"uri", value.uri}, {"session_required", value.session_required}};
  }

 private:
  json::object& document_;
};

/// Reads members back; one that is absent leaves its target as it is.
class Reader {
 public:
  explicit Reader(const json::object& document) : document_(document) {}

  void text(std::string_view name, std::string& out) const {
    if (const auto* value = document_.if_contains(name)) out = value->as_string();
  }
  void flag(std::string_view name, bool& out) const {
    if (const auto* value = document_.if_contains(name)) out = value->as_bool();
  }
  void strings(std::string_view name, std::vector<std::string>& out) const {
    const auto* value = document_.if_contains(name);
    if (!value) return;
    out.clear();
    for (const auto& item : value->as_array()) out.emplace_back(item.as_string());
  }
  template <class Out>
  void seconds(std::string_view name, Out& out) const {
    if (const auto* value = document_.if_contains(name)) out = base::Seconds{value->as_int64()};
  }
  template <class Out>
  void algorithm(std::string_view name, Out& out) const {
    const auto* value = document_.if_contains(name);
    if (!value) return;
    const auto algorithm = jose::parse_algorithm(value->as_string());
    if (!algorithm) throw std::runtime_error("clients.settings names an unknown algorithm");
    out = *algorithm;
  }
  template <class E, std::size_t N>
  void choice(std::string_view name, const Names<E, N>& names, E& out) const {
    const auto* value = document_.if_contains(name);
    if (!value) return;
    const auto found = find_in(names, value->as_string());
    if (!found) throw std::runtime_error("clients.settings has an unknown word");
    out = *found;
  }
  void logout(std::string_view name, LogoutUri& out) const {
    const auto* value = document_.if_contains(name);
    if (!value) return;
    out.uri = value->at("uri").as_string();
    out.session_required = value->at("session_required").as_bool();
  }

 private:
  const json::object& document_;
};

void write_subject(json::object& document, const std::optional<CertificateSubject>& subject) {
  if (!subject) return;
  document["certificate_subject"] =
      json::object{{"kind", name_in(subject_kinds, subject->kind)}, {"value", subject->value}};
}

std::optional<CertificateSubject> read_subject(const json::object& document) {
  const auto* value = document.if_contains("certificate_subject");
  if (!value) return std::nullopt;
  CertificateSubject subject;
  Reader(value->as_object()).choice("kind", subject_kinds, subject.kind);
  Reader(value->as_object()).text("value", subject.value);
  return subject;
}

/// Visits the members that both directions treat alike.
template <class Visitor, class C>
void visit_settings(Visitor&& visit, C& client) {
  visit.strings("redirect_uris", client.redirect_uris);
  visit.strings("post_logout_redirect_uris", client.post_logout_redirect_uris);
  visit.strings("grant_types", client.grant_types);
  visit.choice("access_token_format", formats, client.access_token_format);
  visit.seconds("access_token_lifetime", client.access_token_lifetime);
  visit.seconds("refresh_lifetime", client.refresh_lifetime);
  visit.algorithm("access_token_algorithm", client.access_token_algorithm);
  visit.algorithm("id_token_algorithm", client.id_token_algorithm);
  visit.choice("id_token_claims", claim_places, client.id_token_claims);
  visit.strings("audiences", client.audiences);
  visit.choice("pkce", pkces, client.pkce);
  visit.choice("profile", profiles, client.profile);
  visit.choice("consent", consents, client.consent);
  visit.choice("sender_constraint", constraints, client.sender_constraint);
  visit.text("jwks", client.jwks);
  visit.text("jwks_uri", client.jwks_uri);
  visit.algorithm("assertion_algorithm", client.assertion_algorithm);
  visit.algorithm("request_object_algorithm", client.request_object_algorithm);
  visit.flag("requires_signed_request_object", client.requires_signed_request_object);
  visit.flag("requires_pushed_request", client.requires_pushed_request);
  visit.strings("request_uris", client.request_uris);
  visit.algorithm("userinfo_algorithm", client.userinfo_algorithm);
  visit.algorithm("introspection_algorithm", client.introspection_algorithm);
  visit.algorithm("authorization_response_algorithm", client.authorization_response_algorithm);
  visit.seconds("default_max_age", client.default_max_age);
  visit.flag("requires_auth_time", client.requires_auth_time);
  visit.strings("default_acr_values", client.default_acr_values);
  visit.logout("backchannel_logout", client.backchannel_logout);
  visit.logout("frontchannel_logout", client.frontchannel_logout);
  visit.text("logo_uri", client.display.logo_uri);
  visit.text("client_uri", client.display.client_uri);
  visit.text("policy_uri", client.display.policy_uri);
  visit.text("tos_uri", client.display.tos_uri);
  visit.strings("contacts", client.display.contacts);
  visit.text("application_type", client.application_type);
  visit.text("sector_identifier_uri", client.sector_identifier_uri);
}

}  // namespace

std::string_view to_string(AuthMethod method) {
  return name_in(auth_methods, method);
}

std::optional<AuthMethod> parse_auth_method(std::string_view name) {
  return find_in(auth_methods, name);
}

std::string settings_json(const Client& client) {
  json::object document;
  visit_settings(Writer(document), client);
  write_subject(document, client.certificate_subject);
  if (client.registration_token_hash) {
    document["registration_token_hash"] = base::to_base64url(*client.registration_token_hash);
  }
  return json::serialize(document);
}

void apply_settings(Client& client, std::string_view text) {
  const json::object document = json::parse(text).as_object();
  visit_settings(Reader(document), client);
  client.certificate_subject = read_subject(document);
  if (const auto* hash = document.if_contains("registration_token_hash")) {
    client.registration_token_hash = base::from_base64url(hash->as_string());
  }
}

}  // namespace vestibule::oauth
