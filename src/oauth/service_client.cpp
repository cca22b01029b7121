#include "oauth/service_client.h"

#include "accounts/users.h"
#include "oauth/grants/grant.h"
#include "oauth/grants/jwt_bearer.h"

namespace vestibule::oauth {
namespace {

constexpr store::Statement bound_sql{
    "client_actors.list_clients",
    "select client_id from client_actors where user_id = $1 order by client_id"};
constexpr store::Statement project_sql{
    "clients.has_project",
    "select 1 from clients where project_id = $1 and organization_id = $2 limit 1"};

}  // namespace

Client service_client(const accounts::User& service_account) {
  Client client;
  client.id = base::ClientId{service_account.id.value};
  client.organization = service_account.organization;
  client.name = service_account.preferred_username();
  client.grant_types = {std::string(grant_jwt_bearer), std::string(grant_client_credentials)};
  return client;
}

std::optional<Client> find_token_client(store::Transaction& tx, std::string_view client_id) {
  if (const auto id = base::parse_id<base::ClientId>(client_id)) {
    if (auto client = find_client(tx, *id)) return client;
  }
  const auto user = accounts::find_user_by_subject(tx, client_id);
  if (!user || user->kind != accounts::UserKind::machine) return std::nullopt;
  return service_client(*user);
}

std::vector<base::ClientId> list_bound_clients(store::Transaction& tx,
                                               base::UserId service_account) {
  std::vector<base::ClientId> clients;
  auto rows = tx.query(bound_sql, service_account);
  while (rows.next()) clients.push_back(rows.id<base::ClientId>(0));
  return clients;
}

bool has_project(store::Transaction& tx, base::OrganizationId organization, std::int64_t project) {
  return tx.query(project_sql, project, organization).next();
}

}  // namespace vestibule::oauth
