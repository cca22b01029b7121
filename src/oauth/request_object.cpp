#include "oauth/request_object.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <optional>
#include <utility>

#include "jose/jws.h"
#include "jose/loose_claims.h"
#include "jose/typ.h"
#include "oauth/fapi.h"
#include "oauth/scope.h"

namespace vestibule::oauth {
namespace {

namespace json = boost::json;

/// FAPI 2.0 Security Profile section 5.3.2.1: clocks that are 10 s apart are no reason to refuse.
constexpr base::Seconds skew{10};
/// FAPI 2.0 Message Signing section 5.3.1.
constexpr base::Seconds longest_life{3600};

/// Claims of the JWT itself, which are no parameters.
constexpr std::array<std::string_view, 7> registered{"iss", "sub", "aud", "exp",
                                                     "nbf", "iat", "jti"};

std::unexpected<Error> refuse(std::string description, std::string detail = {}) {
  return fail("invalid_request_object", std::move(description), 400, std::move(detail));
}

bool is_accepted_type(std::string_view typ) {
  return typ.empty() || jose::is_type(typ, "oauth-authz-req+jwt") || jose::is_type(typ, "JWT");
}

enum class Claim { optional, required };

Result<void> check_parties(const jose::LooseClaims& claims, const Client& client,
                           const std::string& issuer, Claim presence) {
  if (claims.issuer.empty() ? presence == Claim::required : claims.issuer != client.client_id()) {
    return refuse("iss of the request object is not the client");
  }
  if (claims.audience.empty() ? presence == Claim::required : !claims.has_audience(issuer)) {
    return refuse("aud of the request object is not this server");
  }
  // RFC 9101 10.8: what may be a client assertion is no request.
  if (claims.subject == client.client_id()) return refuse("the request object has a sub");
  return {};
}

Result<void> check_times(const jose::LooseClaims& claims, Claim presence, base::Time now) {
  if (claims.expires_at && now >= *claims.expires_at + skew) {
    return refuse("the request object has expired");
  }
  if (claims.not_before && now + skew < *claims.not_before) {
    return refuse("the request object is not valid yet");
  }
  if (claims.issued_at && now + skew < *claims.issued_at) {
    return refuse("the request object is from the future");
  }
  if (presence == Claim::optional) return {};
  if (!claims.expires_at || !claims.not_before) return refuse("exp and nbf are required");
  if (*claims.not_before + longest_life < now ||
      *claims.expires_at > *claims.not_before + longest_life) {
    return refuse("the request object lives longer than an hour");
  }
  return {};
}

/// A member's value as a form would carry it; nullopt for one that a form cannot.
std::optional<std::string> form_value(const json::value& value) {
  if (const auto* text = value.if_string()) {
    if (text->find('\0') != json::string::npos) return std::nullopt;
    return std::string(*text);
  }
  return json::serialize(value);
}

/// RFC 8707 section 2.1: `resource` may be several.
bool is_list(std::string_view name, const json::value& value) {
  return name == "resource" && value.is_array();
}

Result<std::vector<Parameters::Field>> read_fields(const json::object& members) {
  std::vector<Parameters::Field> fields;
  for (const auto& member : members) {
    const std::string_view name = member.key();
    const auto& value = member.value();
    if (value.is_null() || std::ranges::find(registered, name) != registered.end()) continue;
    // RFC 9101 4: request and request_uri must not be included in request objects.
    if (name == "request" || name == "request_uri") return refuse("a request object stands alone");
    const auto add = [&](const json::value& one) {
      auto text = form_value(one);
      const bool readable_one = text.has_value();
      // RFC 6749 3.1: without a value it is as if it were omitted.
      if (readable_one && !text->empty()) fields.emplace_back(name, std::move(*text));
      return readable_one;
    };
    const bool readable =
        is_list(name, value) ? std::ranges::all_of(value.get_array(), add) : add(value);
    if (!readable) return refuse("a parameter of the request object is malformed");
  }
  return fields;
}

Result<void> check_client_id(const Parameters& parameters, const Client& client, Claim presence) {
  const auto id = parameters.find("client_id");
  if (id ? *id != client.client_id() : presence == Claim::required) {
    return refuse("client_id of the request object is not the client");
  }
  return {};
}

/// OpenID Connect Core 6.1: a request of its own, that would be valid OAuth 2.0 without the object.
bool is_openid_request(const Parameters& outer) {
  return outer.find("response_type") && Scope::parse(outer.get("scope")).contains(scope_openid);
}

}  // namespace

std::string peek_request_object(std::string_view object) {
  const auto jws = jose::parse_compact(object);
  return jws ? jws->kid : std::string();
}

Result<RequestObject> open_request_object(const Client& client, const jose::KeySet& keys,
                                          std::string_view object, const std::string& issuer,
                                          base::Time now) {
  const auto jws = jose::parse_compact(object);
  if (!jws) {
    return refuse("the request object is no JWT that this server reads",
                  std::string(jose::to_string(jws.error())));
  }
  const auto payload = jose::verify_jws(*jws, keys, request_object_algorithms(client));
  if (!payload) {
    return refuse("the request object is not signed by the client",
                  std::string(jose::to_string(payload.error())));
  }
  if (!is_accepted_type(jws->typ)) return refuse("the typ is not that of a request object");
  const auto claims = jose::parse_loose_claims(*payload);
  if (!claims) {
    return refuse("the request object is malformed", std::string(jose::to_string(claims.error())));
  }

  const bool alone =
      requires_signed_request(client) || jose::is_type(jws->typ, "oauth-authz-req+jwt");
  const Claim named = alone ? Claim::required : Claim::optional;
  const Claim timed = client.is_fapi() ? Claim::required : Claim::optional;
  if (auto ok = check_parties(*claims, client, issuer, named); !ok) {
    return std::unexpected(std::move(ok.error()));
  }
  if (auto ok = check_times(*claims, timed, now); !ok) {
    return std::unexpected(std::move(ok.error()));
  }
  auto fields = read_fields(json::parse(claims->json).as_object());
  if (!fields) return std::unexpected(std::move(fields.error()));
  if (auto ok = check_client_id(Parameters(*fields), client, named); !ok) {
    return std::unexpected(std::move(ok.error()));
  }
  return RequestObject{std::move(*fields), alone};
}

Result<Parameters> combine_request(const Client& client, const Parameters& outer,
                                   const RequestObject& object) {
  const Parameters inner(object.fields);
  auto fields = object.fields;
  if (!inner.find("client_id")) fields.emplace_back("client_id", client.client_id());
  if (object.alone || !is_openid_request(outer)) return Parameters(std::move(fields));

  const auto type = inner.find("response_type");
  if (type && *type != outer.get("response_type")) {
    return fail("invalid_request", "response_type differs from that of the request object");
  }
  for (const auto& [name, value] : outer.fields()) {
    const bool brings = name == "request" || name == "request_uri" || name == "client_id";
    if (!brings && !inner.find(name)) fields.emplace_back(name, value);
  }
  return Parameters(std::move(fields));
}

}  // namespace vestibule::oauth
