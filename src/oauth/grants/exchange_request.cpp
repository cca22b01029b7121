#include "oauth/grants/exchange_request.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace vestibule::oauth {
namespace {

std::optional<GivenType> parse_given(std::string_view type) {
  if (type == token_type_access_token) return GivenType::access_token;
  if (type == token_type_id_token) return GivenType::id_token;
  if (type == token_type_jwt) return GivenType::jwt;
  if (type == token_type_user_id) return GivenType::user_id;
  return std::nullopt;
}

std::optional<RequestedType> parse_requested(std::string_view type) {
  if (type == token_type_access_token) return RequestedType::access_token;
  if (type == token_type_jwt) return RequestedType::jwt;
  if (type == token_type_id_token) return RequestedType::id_token;
  return std::nullopt;
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// RFC 3986 2: the characters of a URI but `#`, and whole percent-encodings.
bool has_only_uri_characters(std::string_view uri) {
  constexpr std::string_view marks = "-._~:/?[]@!$&'()*+,;=";
  for (std::size_t i = 0; i < uri.size(); ++i) {
    if (uri[i] == '%') {
      if (i + 2 >= uri.size() || !is_hex_digit(uri[i + 1]) || !is_hex_digit(uri[i + 2]))
        return false;
    } else if (!is_letter(uri[i]) && !is_digit(uri[i]) && !marks.contains(uri[i])) {
      return false;
    }
  }
  return true;
}

/// RFC 8707 2: an absolute URI (RFC 3986 4.3), which must not include a fragment.
bool is_resource(std::string_view uri) {
  const auto colon = uri.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon + 1 == uri.size()) return false;
  return is_letter(uri[0]) && has_only_uri_characters(uri) &&
         std::ranges::all_of(uri.substr(0, colon), [](char c) {
           return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
         });
}

Result<GivenToken> parse_subject(const Parameters& form) {
  auto text = form.find("subject_token");
  if (!text) return fail("invalid_request", "subject_token missing");
  const auto type = form.find("subject_token_type");
  if (!type) return fail("invalid_request", "subject_token_type missing");
  const auto given = parse_given(*type);
  if (!given) return fail("invalid_request", "subject_token_type is not supported");
  return GivenToken{base::Secret(std::move(*text)), *given};
}

Result<std::optional<GivenToken>> parse_actor(const Parameters& form) {
  auto text = form.find("actor_token");
  const auto type = form.find("actor_token_type");
  if (!text) {
    // RFC 8693 2.1: actor_token_type must not be included when actor_token is not.
    if (type) return fail("invalid_request", "actor_token missing");
    return std::optional<GivenToken>();
  }
  if (!type) return fail("invalid_request", "actor_token invalid", 400, "no actor_token_type");
  const auto given = parse_given(*type);
  // An id is no proof of anything, so an actor cannot be named by one.
  if (!given || *given == GivenType::user_id) {
    return fail("invalid_request", "actor_token_type is not supported");
  }
  return std::optional<GivenToken>(GivenToken{base::Secret(std::move(*text)), *given});
}

}  // namespace

Result<ExchangeRequest> parse_exchange_request(const Parameters& form) {
  auto subject = parse_subject(form);
  if (!subject) return std::unexpected(std::move(subject.error()));
  auto actor = parse_actor(form);
  if (!actor) return std::unexpected(std::move(actor.error()));
  ExchangeRequest request{.subject = std::move(*subject), .actor = std::move(*actor)};
  if (const auto type = form.find("requested_token_type")) {
    const auto requested = parse_requested(*type);
    if (!requested) return fail("invalid_request", "requested_token_type is not supported");
    request.requested = *requested;
  }
  request.scope = Scope::parse(form.get("scope"));
  if (request.subject.type == GivenType::user_id) {
    if (request.scope.empty()) return missing_scope();
    if (!request.actor) return fail("invalid_request", "actor_token required");
  }
  request.audience = form.all("audience");
  request.resource = form.all("resource");
  for (const auto& uri : request.resource) {
    if (!is_resource(uri)) return fail("invalid_target", "resource is not an absolute URI");
  }
  return request;
}

}  // namespace vestibule::oauth
