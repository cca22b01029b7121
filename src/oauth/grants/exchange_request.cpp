#include "oauth/grants/exchange_request.h"

#include <utility>

#include "oauth/resource.h"

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
  auto resources = parse_resources(form);
  if (!resources) return std::unexpected(std::move(resources.error()));
  request.resource = std::move(*resources);
  return request;
}

}  // namespace vestibule::oauth
