#include "oauth/grants/service_token.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "oauth/service_client.h"

namespace vestibule::oauth {
namespace {

/// The project in `urn:zitadel:iam:org:project:id:PROJECT:aud`.
std::optional<std::int64_t> named_project(std::string_view scope) {
  constexpr std::string_view prefix = "urn:zitadel:iam:org:project:id:";
  constexpr std::string_view suffix = ":aud";
  if (!scope.starts_with(prefix) || !scope.ends_with(suffix)) return std::nullopt;
  scope.remove_prefix(prefix.size());
  scope.remove_suffix(std::min(scope.size(), suffix.size()));
  return base::from_decimal(scope);
}

/// The scope values that mean something, and the audience that they and the bindings give.
std::pair<Scope, std::vector<std::string>> allot(store::Transaction& tx, const std::string& issuer,
                                                 const accounts::User& user,
                                                 const Client& own_client, const Scope& requested) {
  std::vector<std::string> audience{user.subject()};
  for (const auto client : list_bound_clients(tx, user.id)) {
    audience.push_back(base::to_string(client));
  }
  const Scope plain = known_scopes(requested, own_client).without(scope_offline_access);
  std::string text;
  for (const auto& value : requested.values()) {
    const auto project = named_project(value);
    if (value == scope_own_api) {
      audience.push_back(issuer);
    } else if (project && has_project(tx, user.organization, *project)) {
      audience.push_back(base::to_decimal(*project));
    } else if (!plain.contains(value)) {
      continue;
    }
    text += (text.empty() ? "" : " ") + value;
  }
  return {Scope::parse(text), std::move(audience)};
}

}  // namespace

Grant grant_to_service(store::Transaction& tx, const GrantContext& context,
                       const accounts::User& service_account, const Scope& requested,
                       base::Time now) {
  const auto client = service_client(service_account);
  auto [scope, audience] = allot(tx, context.issuer.issuer(), service_account, client, requested);
  Grant grant{.access = start_access_token(tx, context, client, service_account, scope, now),
              .format = client.access_token_format,
              .algorithm = client.access_token_algorithm};
  grant.access.client_id = service_account.subject();
  grant.access.audience = std::move(audience);
  return grant;
}

bool opens_own_api(const AccessToken& token, const std::string& issuer) {
  return token.subject == token.client_id && !token.session && !token.actor &&
         std::ranges::find(token.audience, issuer) != token.audience.end();
}

}  // namespace vestibule::oauth
