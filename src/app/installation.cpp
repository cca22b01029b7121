#include "app/installation.h"

#include <algorithm>
#include <boost/json.hpp>
#include <stdexcept>

#include "accounts/organizations.h"
#include "accounts/passwords.h"
#include "accounts/service_accounts.h"
#include "base/encoding.h"
#include "jose/key.h"

namespace vestibule::app {
namespace {

// Rows of `meta` that are written here and nowhere else.
constexpr std::string_view organization_row = "organization_id";
constexpr std::string_view project_row = "project_id";
constexpr std::string_view service_account_row = "gateway_service_account_id";
constexpr std::string_view gateway_client_row = "gateway_client_id";
constexpr std::string_view administrator_row = "administrator_id";
constexpr std::string_view application_client_row = "application_client_id";

// Far enough not to expire unnoticed; ZITADEL's own guides use such dates.
constexpr base::Time far_future = base::from_milliseconds(4'070'908'800'000);  // 2099-01-01

std::optional<std::int64_t> find_number(store::Transaction& tx, std::string_view row) {
  const auto text = accounts::find_meta(tx, row);
  return text ? base::from_decimal(*text) : std::nullopt;
}

void require(const base::Result<void>& result) {
  if (!result) throw std::runtime_error(std::string(result.error().message));
}

accounts::User make_machine(store::Transaction& tx, accounts::UserIds& ids,
                            base::OrganizationId organization, std::string_view name,
                            base::Time now) {
  accounts::User user;
  user.id = ids.next(now);
  user.organization = organization;
  user.kind = accounts::UserKind::machine;
  user.username = name;
  user.display_name = name;
  user.created_at = user.changed_at = user.active_at = now;
  require(accounts::insert_user(tx, user));
  return user;
}

std::vector<std::string> gateway_redirect_uris(const Config& config) {
  return {config.gateway.public_url + "/guest/v1/callback"};
}

oauth::Client gateway_client(const Installation& made, base::ClientId id, const Config& config) {
  oauth::Client client;
  client.id = id;
  client.organization = made.organization;
  client.project = made.project;
  client.name = "gateway";
  // It is redeemed inside this process and by nobody else: no secret exists that could leak.
  client.auth_method = oauth::AuthMethod::private_key_jwt;
  client.redirect_uris = gateway_redirect_uris(config);
  client.post_logout_redirect_uris = {config.gateway.public_url + "/"};
  client.grant_types = {"authorization_code"};
  client.access_token_format = oauth::TokenFormat::jwt;
  client.access_token_lifetime = config.gateway.token_lifetime;
  client.actors = {made.service_account};
  return client;
}

Installation make_installation(store::Transaction& tx, accounts::UserIds& ids, const Config& config,
                               base::Time now) {
  Installation made;
  made.organization = base::OrganizationId{ids.next(now).value};
  made.project = ids.next(now).value;
  accounts::insert_organization(tx, {made.organization, "Vestibule", "vestibule.localhost", now});
  made.service_account = make_machine(tx, ids, made.organization, "gateway", now).id;
  accounts::grant_role(tx, made.service_account, accounts::Role::guest_manager);
  accounts::grant_role(tx, made.service_account, accounts::Role::guest_impersonator);
  made.gateway_client = base::ClientId{ids.next(now).value};
  oauth::insert_client(tx, gateway_client(made, made.gateway_client, config), now);
  accounts::set_meta(tx, organization_row, base::to_string(made.organization));
  accounts::set_meta(tx, project_row, base::to_decimal(made.project));
  accounts::set_meta(tx, service_account_row, base::to_string(made.service_account));
  accounts::set_meta(tx, gateway_client_row, base::to_string(made.gateway_client));
  return made;
}

// Where a client that signs in from `uri` may return to after signing out: its origin's root.
std::string origin_root(const std::string& uri) {
  const auto path = uri.find('/', uri.find("://") + 3);
  return uri.substr(0, path) + "/";
}

oauth::Client application_client(const Installation& installation, base::ClientId id,
                                 const BootstrapOptions& options) {
  oauth::Client client;
  client.id = id;
  client.organization = installation.organization;
  client.project = installation.project;
  client.name = "application";
  client.redirect_uris = options.redirect_uris;
  for (const auto& uri : options.redirect_uris) {
    client.post_logout_redirect_uris.push_back(origin_root(uri));
  }
  client.grant_types = {"authorization_code", "refresh_token",
                        "urn:ietf:params:oauth:grant-type:token-exchange"};
  client.actors = {installation.service_account};
  return client;
}

// 24 random characters with each class that ZITADEL's policy asks for.
base::Secret make_password(base::Random& random) {
  return base::Secret{base::random_token(random, 15) + "aA1!"};
}

}  // namespace

Installation ensure_installation(store::Store& store, accounts::UserIds& ids, base::Random&,
                                 const Config& config, base::Time now) {
  return store.write([&](store::Transaction& tx) {
    const auto organization = find_number(tx, organization_row);
    if (!organization) return make_installation(tx, ids, config, now);
    const Installation found{base::OrganizationId{*organization},
                             find_number(tx, project_row).value(),
                             base::UserId{find_number(tx, service_account_row).value()},
                             base::ClientId{find_number(tx, gateway_client_row).value()}};
    const auto client = oauth::find_client(tx, found.gateway_client);
    const auto wanted = gateway_client(found, found.gateway_client, config);
    if (client && (client->redirect_uris != wanted.redirect_uris ||
                   client->access_token_lifetime != wanted.access_token_lifetime)) {
      oauth::update_client(tx, wanted, now);
    }
    return found;
  });
}

Bootstrapped bootstrap(store::Store& store, accounts::UserIds& ids, base::Random& random,
                       const Config& config, const BootstrapOptions& options, base::Time now) {
  const auto installation = ensure_installation(store, ids, random, config, now);
  // Slow work before the unit of work begins.
  Bootstrapped::Secrets secrets;
  secrets.admin_password = make_password(random);
  const auto password_hash = accounts::hash_password(secrets.admin_password, random);
  const auto key = jose::PrivateKey::generate(jose::Algorithm::rs256);
  secrets.service_key_pem = key.to_pem();
  secrets.service_key_id = base::to_string(base::UserId{ids.next(now)});

  return store.write([&](store::Transaction& tx) {
    Bootstrapped result;
    result.organization = installation.organization;
    result.service_account = installation.service_account;
    result.admin_login_name = "admin";
    if (const auto client_id = find_number(tx, application_client_row)) {
      result.client = base::ClientId{*client_id};
      if (const auto client = oauth::find_client(tx, result.client)) {
        result.redirect_uris = client->redirect_uris;
      }
      return result;
    }

    accounts::User admin;
    admin.id = ids.next(now);
    admin.organization = installation.organization;
    admin.username = result.admin_login_name;
    admin.given_name = "Administrator";
    admin.family_name = "Vestibule";
    admin.created_at = admin.changed_at = admin.active_at = now;
    require(accounts::insert_user(tx, admin));
    accounts::set_password_hash(tx, admin.id, password_hash, now);
    accounts::grant_role(tx, admin.id, accounts::Role::administrator);
    accounts::grant_role(tx, admin.id, accounts::Role::guest_impersonator);
    const auto token_for = [&](base::UserId user) {
      return accounts::add_personal_token(tx, user, far_future, ids.next(now).value, random, now)
          .token;
    };
    secrets.admin_token = token_for(admin.id);
    secrets.service_token = token_for(installation.service_account);
    accounts::add_machine_key(tx, secrets.service_key_id, installation.service_account,
                              key.public_key().to_jwk(), far_future, now);

    result.client = base::ClientId{ids.next(now).value};
    auto client = application_client(installation, result.client, options);
    if (options.client_kind == ClientKind::confidential) {
      const auto secret = oauth::make_client_secret(random);
      client.auth_method = oauth::AuthMethod::client_secret_post;
      client.secret_hash = secret.hash;
      secrets.client_secret = secret.text;
    }
    oauth::insert_client(tx, client, now);
    result.redirect_uris = client.redirect_uris;
    accounts::set_meta(tx, administrator_row, base::to_string(admin.id));
    accounts::set_meta(tx, application_client_row, base::to_string(result.client));
    result.secrets = std::move(secrets);
    return result;
  });
}

std::string to_json(const Bootstrapped& result, const std::string& issuer) {
  namespace json = boost::json;
  json::object admin{{"login_name", result.admin_login_name}};
  json::object service{{"id", base::to_string(result.service_account)}};
  json::object client{{"id", base::to_string(result.client)}};
  if (result.secrets) {
    const auto& secrets = *result.secrets;
    admin["password"] = secrets.admin_password.reveal();
    admin["pat"] = secrets.admin_token.reveal();
    service["pat"] = secrets.service_token.reveal();
    // The file that ZITADEL hands out for a machine user's key.
    service["key"] = json::object{{"type", "serviceaccount"},
                                  {"keyId", secrets.service_key_id},
                                  {"key", secrets.service_key_pem.reveal()},
                                  {"userId", base::to_string(result.service_account)}};
    if (secrets.client_secret) client["secret"] = secrets.client_secret->reveal();
  }
  client["redirect_uris"] = json::array(result.redirect_uris.begin(), result.redirect_uris.end());
  return json::serialize(json::object{{"issuer", issuer},
                                      {"organization_id", base::to_string(result.organization)},
                                      {"admin", std::move(admin)},
                                      {"service_account", std::move(service)},
                                      {"client", std::move(client)}});
}

}  // namespace vestibule::app
