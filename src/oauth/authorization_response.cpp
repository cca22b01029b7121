#include "oauth/authorization_response.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "base/encoding.h"
#include "jose/claims_writer.h"
#include "jose/signing_key.h"
#include "oauth/fapi.h"

namespace vestibule::oauth {
namespace {

constexpr std::array<std::pair<std::string_view, ResponseMode>, 7> modes{{
    {"query", {Carrier::query, Packing::plain}},
    {"fragment", {Carrier::fragment, Packing::plain}},
    {"form_post", {Carrier::form_post, Packing::plain}},
    {"jwt", {Carrier::query, Packing::jwt}},
    {"query.jwt", {Carrier::query, Packing::jwt}},
    {"fragment.jwt", {Carrier::fragment, Packing::jwt}},
    {"form_post.jwt", {Carrier::form_post, Packing::jwt}},
}};

/// JARM section 2.1: a maximum of 10 minutes is recommended.
constexpr base::Seconds packed_lifetime{300};

/// Fields that are there only if they say something.
class FieldList {
 public:
  FieldList& add(std::string_view name, std::string value) {
    if (!value.empty()) fields_.emplace_back(name, std::move(value));
    return *this;
  }
  std::vector<Parameters::Field> finish() { return std::move(fields_); }

 private:
  std::vector<Parameters::Field> fields_;
};

}  // namespace

std::optional<ResponseMode> parse_response_mode(std::string_view name) {
  const auto* const found =
      std::ranges::find(modes, name, [](const auto& mode) { return mode.first; });
  if (found == modes.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string> response_mode_names() {
  std::vector<std::string> names;
  for (const auto& [name, mode] : modes) names.emplace_back(name);
  return names;
}

ResponseTarget ResponseTarget::of(const Client& client, std::string redirect_uri,
                                  const Parameters& parameters) {
  return {.redirect_uri = std::move(redirect_uri),
          .state = parameters.get("state"),
          .client_id = client.client_id(),
          .mode = parse_response_mode(parameters.get("response_mode")).value_or(ResponseMode{}),
          .algorithm = authorization_response_algorithm(client)};
}

AuthorizationResponse success_response(const ResponseTarget& target, std::string code,
                                       const std::string& issuer) {
  return {target, FieldList()
                      .add("code", std::move(code))
                      .add("state", target.state)
                      .add("iss", issuer)
                      .finish()};
}

AuthorizationResponse error_response(const DeliverableError& error, const std::string& issuer) {
  return {error.target, FieldList()
                            .add("error", std::string(error.error.code))
                            .add("error_description", error.error.description)
                            .add("state", error.target.state)
                            .add("iss", issuer)
                            .finish()};
}

AuthorizationResponse pack_response(const keys::Ring& ring, const AuthorizationResponse& response,
                                    base::Time now) {
  const auto& target = response.target;
  const auto* const signer = ring.signer(target.algorithm);
  if (signer == nullptr) throw std::runtime_error("no signing key for a client's responses");
  jose::ClaimsWriter claims;
  claims.text("aud", target.client_id).time("iat", now).time("exp", now + packed_lifetime);
  // `iss` is among the parameters already.
  for (const auto& [name, value] : response.fields) claims.text(name, value);
  return {target,
          {{"response",
            jose::sign_compact(*signer, jose::TokenType::jwt, std::move(claims).finish())}}};
}

std::string response_location(const AuthorizationResponse& response) {
  std::string uri = response.target.redirect_uri;
  char separator = '#';
  if (response.target.mode.carrier == Carrier::query) {
    // RFC 6749 3.1.2: a query that the redirect URI has is kept.
    separator = uri.find('?') == std::string::npos ? '?' : '&';
  }
  for (const auto& [name, value] : response.fields) {
    uri += separator;
    uri += name;
    uri += '=';
    uri += base::percent_encode(value);
    separator = '&';
  }
  return uri;
}

}  // namespace vestibule::oauth
