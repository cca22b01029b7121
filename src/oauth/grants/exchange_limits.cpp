#include "oauth/grants/exchange_limits.h"

#include <algorithm>

#include "oauth/resource.h"

namespace vestibule::oauth {
namespace {

/// ZITADEL's sentence; its quotation marks only where ZITADEL's own token type is in play, because
/// RFC 6749 5.2 does not allow them in a description.
std::string not_found(const ExchangeRequest& request, std::string_view what,
                      std::string_view value) {
  const char quote = request.subject.type == GivenType::user_id ? '"' : '\'';
  return std::string(what) + ' ' + quote + quotable(value) + quote +
         " not found in subject or actor token";
}

std::vector<const Scope*> scope_limits(const ExchangeSubject& subject,
                                       const std::optional<ExchangeActor>& actor) {
  std::vector<const Scope*> limits;
  if (subject.scope) limits.push_back(&*subject.scope);
  if (actor && actor->scope) limits.push_back(&*actor->scope);
  return limits;
}

/// What a request that names no scope gets: all that the tokens allow. No refresh token, though: it
/// would outlive the authority that this exchange stands on.
Scope widest_scope(const Client& client, const std::vector<const Scope*>& limits) {
  Scope scope = *limits.front();
  for (const auto* limit : limits) scope = scope.intersect(*limit);
  return known_scopes(scope, client).without(scope_offline_access);
}

/// ZITADEL's scopes about organizations, projects and roles are carried on by an exchange and never
/// gained by one: the first that neither token has.
std::string_view first_unfounded(const Scope& requested, const std::vector<const Scope*>& limits) {
  for (const auto& value : requested.values()) {
    if (!value.starts_with("urn:zitadel:iam:org:")) continue;
    const bool founded =
        std::ranges::any_of(limits, [&](const Scope* limit) { return limit->contains(value); });
    if (!founded) return value;
  }
  return {};
}

}  // namespace

Result<Scope> allowed_scope(const Client& client, const ExchangeRequest& request,
                            const ExchangeSubject& subject,
                            const std::optional<ExchangeActor>& actor) {
  const auto limits = scope_limits(subject, actor);
  const bool named = !request.scope.empty();
  Scope scope = named ? known_scopes(request.scope, client) : widest_scope(client, limits);
  if (scope.contains(scope_offline_access)) {
    return fail("invalid_scope", not_found(request, "scope", scope_offline_access));
  }
  if (const auto unfounded = first_unfounded(request.scope, limits); !unfounded.empty()) {
    return fail("invalid_scope", not_found(request, "scope", unfounded));
  }
  for (const auto* limit : limits) {
    const auto missing = scope.first_missing_in(*limit);
    if (!missing.empty()) return fail("invalid_scope", not_found(request, "scope", missing));
  }
  if (named && scope.empty()) {
    return fail("invalid_scope", "none of the requested scopes is known");
  }
  // OpenID Connect Core 3.1.2.1: without it there is no ID token; later it would pass for more.
  if (request.requested == RequestedType::id_token && !scope.contains(scope_openid)) {
    return fail("invalid_scope", "an ID token needs the scope openid");
  }
  return scope;
}

Result<std::vector<std::string>> allowed_audience(const Client& client,
                                                  const ExchangeRequest& request) {
  std::vector<std::string> audience;
  const auto add = [&](const std::string& value) {
    if (std::ranges::find(audience, value) == audience.end()) audience.push_back(value);
  };
  for (const auto& value : request.audience) {
    if (!may_name_target(client, value)) {
      return fail("invalid_target", not_found(request, "audience", value));
    }
    add(value);
  }
  for (const auto& value : request.resource) {
    if (!may_name_target(client, value)) {
      return fail("invalid_target", not_found(request, "resource", value));
    }
    add(value);
  }
  return audience.empty() ? default_audience(client) : audience;
}

}  // namespace vestibule::oauth
