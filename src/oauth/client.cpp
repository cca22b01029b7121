#include "oauth/client.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "base/crypto.h"
#include "oauth/client_settings.h"

namespace vestibule::oauth {
namespace {

constexpr store::Statement insert_sql{
    "clients.insert",
    "insert into clients (id, organization_id, project_id, name, auth_method, secret_hash, "
    "settings, created_at, changed_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $8)"};
constexpr store::Statement update_sql{
    "clients.update",
    "update clients set organization_id = $2, project_id = $3, name = $4, auth_method = $5, "
    "secret_hash = $6, settings = $7, changed_at = $8 where id = $1"};
constexpr store::Statement find_sql{
    "clients.find",
    "select id, organization_id, project_id, name, auth_method, secret_hash, settings, created_at "
    "from clients where id = $1"};
constexpr store::Statement list_sql{
    "clients.list",
    "select id, organization_id, project_id, name, auth_method, secret_hash, settings, created_at "
    "from clients order by id"};
constexpr store::Statement actors_sql{
    "client_actors.list",
    "select user_id from client_actors where client_id = $1 order by user_id"};
constexpr store::Statement bind_sql{
    "client_actors.bind",
    "insert into client_actors (client_id, user_id) values ($1, $2) on conflict do nothing"};
constexpr store::Statement unbind_all_sql{"client_actors.clear",
                                          "delete from client_actors where client_id = $1"};

AuthMethod method_of(std::string_view name) {
  const auto method = parse_auth_method(name);
  if (!method) throw std::runtime_error("clients.auth_method is unknown");
  return *method;
}

Client from_row(const store::Rows& rows) {
  Client client;
  client.id = rows.id<base::ClientId>(0);
  client.organization = rows.id<base::OrganizationId>(1);
  client.project = rows.integer(2);
  client.name = rows.text(3);
  client.auth_method = method_of(rows.text(4));
  client.secret_hash = rows.optional_text(5);
  apply_settings(client, rows.text(6));
  client.created_at = rows.time(7);
  return client;
}

std::vector<base::UserId> list_actors(store::Transaction& tx, base::ClientId client) {
  std::vector<base::UserId> actors;
  auto rows = tx.query(actors_sql, client);
  while (rows.next()) actors.push_back(rows.id<base::UserId>(0));
  return actors;
}

std::optional<store::Blob> hash_of(const Client& client) {
  if (!client.secret_hash) return std::nullopt;
  return store::Blob{*client.secret_hash};
}

}  // namespace

bool Client::allows_grant(std::string_view grant_type) const {
  return std::ranges::find(grant_types, grant_type) != grant_types.end();
}

void insert_client(store::Transaction& tx, const Client& client, base::Time now) {
  tx.execute(insert_sql, client.id, client.organization, client.project, client.name,
             to_string(client.auth_method), hash_of(client), settings_json(client), now);
  for (const auto actor : client.actors) bind_actor(tx, client.id, actor);
}

void update_client(store::Transaction& tx, const Client& client, base::Time now) {
  tx.execute(update_sql, client.id, client.organization, client.project, client.name,
             to_string(client.auth_method), hash_of(client), settings_json(client), now);
  tx.execute(unbind_all_sql, client.id);
  for (const auto actor : client.actors) bind_actor(tx, client.id, actor);
}

std::optional<Client> find_client(store::Transaction& tx, base::ClientId id) {
  std::optional<Client> client;
  {
    auto rows = tx.query(find_sql, id);
    if (!rows.next()) return std::nullopt;
    client = from_row(rows);
  }
  client->actors = list_actors(tx, id);
  return client;
}

std::vector<Client> list_clients(store::Transaction& tx) {
  std::vector<Client> clients;
  {
    auto rows = tx.query(list_sql);
    while (rows.next()) clients.push_back(from_row(rows));
  }
  for (auto& client : clients) client.actors = list_actors(tx, client.id);
  return clients;
}

void bind_actor(store::Transaction& tx, base::ClientId client, base::UserId service_account) {
  tx.execute(bind_sql, client, service_account);
}

NewSecret make_client_secret(base::Random& random) {
  base::Secret text(base::random_token(random));
  std::string hash = base::sha256(text.reveal());
  return {std::move(text), std::move(hash)};
}

}  // namespace vestibule::oauth
