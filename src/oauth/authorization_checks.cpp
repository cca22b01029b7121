#include "oauth/authorization_checks.h"

#include <algorithm>
#include <utility>

#include "accounts/organizations.h"
#include "accounts/users.h"
#include "base/encoding.h"
#include "base/text.h"
#include "oauth/fapi.h"
#include "oauth/pkce.h"
#include "oauth/resource.h"

namespace vestibule::oauth {
namespace {

/// What follows scheme, loopback address and port; nullopt if it is no such URI.
struct LoopbackUri {
  std::string_view origin;
  std::string_view rest;
};
std::optional<LoopbackUri> split_loopback(std::string_view uri) {
  for (const std::string_view origin : {"http://127.0.0.1", "http://[::1]"}) {
    if (!uri.starts_with(origin)) continue;
    std::string_view rest = uri.substr(origin.size());
    if (rest.starts_with(':')) {
      const auto digits = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
      if (digits == 1 || digits > 6) return std::nullopt;
      rest.remove_prefix(digits);
    }
    // Anything else, such as a longer host name or user info, is another origin.
    if (!rest.empty() && rest.front() != '/' && rest.front() != '?') return std::nullopt;
    return LoopbackUri{origin, rest};
  }
  return std::nullopt;
}

}  // namespace

bool matches_redirect_uri(std::string_view registered, std::string_view given) {
  if (registered == given) return true;
  const auto a = split_loopback(registered);
  const auto b = split_loopback(given);
  return a && b && a->origin == b->origin && a->rest == b->rest;
}

namespace checks {

Result<Client> check_client(store::Transaction& tx, const Parameters& parameters) {
  const auto text = parameters.find("client_id");
  if (!text) return fail("invalid_request", "client_id missing");
  const auto id = base::parse_id<base::ClientId>(*text);
  auto client = id ? find_client(tx, *id) : std::nullopt;
  if (!client) return fail("invalid_client", "no active client not found");
  return std::move(*client);
}

Result<std::string> check_redirect_uri(const Parameters& parameters, const Client& client) {
  auto uri = parameters.find("redirect_uri");
  if (!uri) {
    return fail("invalid_request",
                "The redirect_uri is missing in the request. Please ensure it is added to the "
                "request. If you have any questions, you may contact the administrator of the "
                "application.");
  }
  const bool registered = !base::has_control_character(*uri) &&
                          std::ranges::any_of(client.redirect_uris, [&](const auto& known) {
                            return matches_redirect_uri(known, *uri);
                          });
  // Of several values only the first has been compared, so a second one is never followed.
  if (!registered || parameters.all("redirect_uri").size() > 1 ||
      parameters.all("client_id").size() > 1) {
    return fail("invalid_request",
                "The requested redirect_uri is missing in the client configuration. If you have "
                "any questions, you may contact the administrator of the application.");
  }
  return std::move(*uri);
}

Result<void> check_repetition(const Parameters& parameters) {
  return parameters.check_not_repeated();
}

Result<void> check_arrival(const Arrival& arrival, const Client& client) {
  if (requires_pushed_request(client) && !arrival.pushed) {
    return fail("invalid_request", "this client must push its requests");
  }
  if (requires_signed_request(client) && !arrival.signed_object) {
    return fail("invalid_request", "this client must sign its requests");
  }
  return {};
}

Result<void> check_response_type(const Parameters& parameters, const Client& client) {
  const auto type = parameters.find("response_type");
  if (!type) return fail("invalid_request", "response_type missing");
  if (*type != "code") return fail("unsupported_response_type", "only code is supported");
  if (!client.allows_grant(grant_authorization_code)) {
    return fail("unauthorized_client", "response_type code is not allowed for this client");
  }
  return {};
}

Result<void> check_response_mode(const Parameters& parameters) {
  const auto name = parameters.find("response_mode");
  if (name && !parse_response_mode(*name)) {
    return fail("invalid_request", "there is no such response_mode");
  }
  return {};
}

Result<Scope> check_scope(store::Transaction& tx, const Parameters& parameters,
                          const Client& client) {
  const Scope requested = Scope::parse(parameters.get("scope"));
  if (requested.empty()) return missing_scope();
  const auto own = accounts::find_organization(tx, client.organization);
  Scope scope = known_scopes(requested, client, own ? own->primary_domain : std::string());
  for (const auto& value : requested.values()) {
    if (names_organization(value) && !scope.contains(value)) {
      return fail("invalid_scope", "the organization of the scope is not found");
    }
  }
  if (!client.allows_grant(grant_refresh_token)) scope = scope.without(scope_offline_access);
  if (scope.empty()) return fail("invalid_scope", "none of the requested scopes is known");
  return scope;
}

Result<std::optional<std::string>> check_pkce(const Parameters& parameters, const Client& client) {
  auto challenge = parameters.find("code_challenge");
  if (!challenge) {
    if (requires_pkce(client) || parameters.find("code_challenge_method")) {
      return fail("invalid_request", "code_challenge missing");
    }
    return std::optional<std::string>();
  }
  // RFC 7636 4.3: an absent method is `plain`, which is not supported.
  if (parameters.get("code_challenge_method") != "S256") {
    return fail("invalid_request", "code_challenge_method must be S256");
  }
  if (!is_code_challenge(*challenge)) return fail("invalid_request", "code_challenge malformed");
  return challenge;
}

Result<Prompt> check_prompt(const Parameters& parameters) {
  const auto text = parameters.find("prompt");
  if (!text) return Prompt::unspecified;
  const auto words = base::split_words(*text);
  Prompt prompt = Prompt::unspecified;
  for (const auto& word : words) {
    if (word == "none") {
      if (words.size() > 1) return fail("invalid_request", "prompt none stands alone");
      return Prompt::none;
    }
    if (word == "login") {
      prompt = Prompt::login;
    } else if (word == "select_account") {
      if (prompt != Prompt::login) prompt = Prompt::select_account;
    } else if (word == "consent") {
      if (prompt == Prompt::unspecified) prompt = Prompt::consent;
    } else {
      return fail("invalid_request", "prompt has an unknown value");
    }
  }
  return prompt;
}

bool has_prompt(const Parameters& parameters, std::string_view word) {
  const auto words = base::split_words(parameters.get("prompt"));
  return std::ranges::find(words, word) != words.end();
}

Result<std::optional<base::Seconds>> check_max_age(const Parameters& parameters) {
  const auto text = parameters.find("max_age");
  if (!text) return std::optional<base::Seconds>();
  const auto seconds = base::from_decimal(*text);
  if (!seconds) return fail("invalid_request", "max_age is not a number of seconds");
  // More than a century is no limit at all, and would overflow.
  constexpr std::int64_t century = 3'155'760'000;
  return std::optional(base::Seconds{std::min(*seconds, century)});
}

Result<GrantDetails> check_details(const Parameters& parameters, const Client& client) {
  GrantDetails details;
  if (auto jkt = parameters.find("dpop_jkt")) {
    const auto digest = base::from_base64url(*jkt);
    if (!digest || digest->size() != 32) {
      return fail("invalid_request", "dpop_jkt is not a SHA-256 thumbprint");
    }
    details.confirmation.jkt = std::move(*jkt);
  }
  auto resources = check_resources(parameters, client);
  if (!resources) return std::unexpected(std::move(resources.error()));
  details.resource = std::move(*resources);
  return details;
}

Result<std::optional<base::UserId>> check_id_token_hint(store::Transaction& tx,
                                                        const Parameters& parameters,
                                                        const TokenIssuer& issuer, base::Time now) {
  const auto hint = parameters.find("id_token_hint");
  if (!hint) return std::optional<base::UserId>();
  const auto claims = issuer.parse_id_token(*hint, jose::Expiry::ignored, now);
  const auto user = claims ? accounts::resolve_subject(tx, claims->subject) : std::nullopt;
  if (!user) return fail("invalid_request", "id_token_hint invalid");
  return user;
}

}  // namespace checks
}  // namespace vestibule::oauth
