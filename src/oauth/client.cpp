#include "oauth/client.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>
#include <utility>

#include "base/crypto.h"

namespace vestibule::oauth {
namespace {

namespace json = boost::json;

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

constexpr std::array<std::pair<AuthMethod, std::string_view>, 4> method_names{{
    {AuthMethod::none, "none"},
    {AuthMethod::client_secret_basic, "client_secret_basic"},
    {AuthMethod::client_secret_post, "client_secret_post"},
    {AuthMethod::private_key_jwt, "private_key_jwt"},
}};

std::string_view name_of(AuthMethod method) {
  return std::ranges::find(method_names, method, [](const auto& p) { return p.first; })->second;
}

AuthMethod method_of(std::string_view name) {
  const auto* found = std::ranges::find(method_names, name, [](const auto& p) { return p.second; });
  if (found == method_names.end()) throw std::runtime_error("clients.auth_method is unknown");
  return found->first;
}

json::array to_array(const std::vector<std::string>& values) {
  json::array array;
  for (const auto& value : values) array.emplace_back(value);
  return array;
}

std::vector<std::string> to_strings(const json::value& value) {
  std::vector<std::string> strings;
  for (const auto& item : value.as_array()) strings.emplace_back(item.as_string());
  return strings;
}

jose::Algorithm to_algorithm(const json::value& value) {
  const auto algorithm = jose::parse_algorithm(value.as_string());
  if (!algorithm) throw std::runtime_error("clients.settings names an unknown algorithm");
  return *algorithm;
}

std::string settings_of(const Client& client) {
  json::object settings;
  settings["redirect_uris"] = to_array(client.redirect_uris);
  settings["post_logout_redirect_uris"] = to_array(client.post_logout_redirect_uris);
  settings["grant_types"] = to_array(client.grant_types);
  settings["access_token_format"] =
      client.access_token_format == TokenFormat::jwt ? "jwt" : "opaque";
  settings["access_token_lifetime"] = client.access_token_lifetime.count();
  settings["refresh_lifetime"] = client.refresh_lifetime.count();
  settings["access_token_algorithm"] = jose::to_string(client.access_token_algorithm);
  settings["id_token_algorithm"] = jose::to_string(client.id_token_algorithm);
  settings["id_token_claims"] =
      client.id_token_claims == Client::IdTokenClaims::userinfo ? "userinfo" : "minimal";
  settings["audiences"] = to_array(client.audiences);
  return json::serialize(settings);
}

void apply_settings(Client& client, std::string_view text) {
  const json::object settings = json::parse(text).as_object();
  client.redirect_uris = to_strings(settings.at("redirect_uris"));
  client.post_logout_redirect_uris = to_strings(settings.at("post_logout_redirect_uris"));
  client.grant_types = to_strings(settings.at("grant_types"));
  client.access_token_format = settings.at("access_token_format").as_string() == "jwt"
                                   ? TokenFormat::jwt
                                   : TokenFormat::opaque;
  client.access_token_lifetime = base::Seconds{settings.at("access_token_lifetime").as_int64()};
  client.refresh_lifetime = base::Seconds{settings.at("refresh_lifetime").as_int64()};
  client.access_token_algorithm = to_algorithm(settings.at("access_token_algorithm"));
  client.id_token_algorithm = to_algorithm(settings.at("id_token_algorithm"));
  client.id_token_claims = settings.at("id_token_claims").as_string() == "userinfo"
                               ? Client::IdTokenClaims::userinfo
                               : Client::IdTokenClaims::minimal;
  client.audiences = to_strings(settings.at("audiences"));
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
             name_of(client.auth_method), hash_of(client), settings_of(client), now);
  for (const auto actor : client.actors) bind_actor(tx, client.id, actor);
}

void update_client(store::Transaction& tx, const Client& client, base::Time now) {
  tx.execute(update_sql, client.id, client.organization, client.project, client.name,
             name_of(client.auth_method), hash_of(client), settings_of(client), now);
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
