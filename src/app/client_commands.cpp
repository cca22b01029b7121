#include "app/client_commands.h"

#include <boost/json.hpp>

#include "app/command_audit.h"
#include "oauth/client_algorithms.h"
#include "oauth/client_metadata.h"
#include "oauth/client_settings.h"
#include "oauth/fapi.h"
#include "oauth/registration.h"

namespace vestibule::app {
namespace {

namespace json = boost::json;
using Result = base::Result<json::object>;

std::unexpected<base::Error> unknown_client() {
  return base::fail(base::ErrorKind::not_found, "unknown_client", "there is no such client");
}

/// The client that the arguments name and that an operator may touch.
base::Result<oauth::Client> find_named(Core& core, store::Transaction& tx,
                                       const json::object& arguments) {
  const auto* text = arguments.if_contains("client_id");
  const auto id = text != nullptr && text->is_string()
                      ? base::parse_id<base::ClientId>(std::string_view(text->as_string()))
                      : std::nullopt;
  auto client = id ? oauth::find_client(tx, *id) : std::nullopt;
  if (!client) return unknown_client();
  if (client->id == core.installation.gateway_client) {
    return base::fail(base::ErrorKind::conflict, "gateway_client",
                      "the gateway's own client follows the configuration");
  }
  return *std::move(client);
}

base::Result<oauth::Client> read_metadata(const json::object& arguments,
                                          const oauth::Client& identity) {
  const auto refuse = [](const std::string& message) {
    return base::fail(base::ErrorKind::invalid, "metadata", message);
  };
  const auto* document = arguments.if_contains("metadata");
  if (document == nullptr || !document->is_object()) return refuse("metadata has to be an object");
  auto client =
      oauth::read_client_metadata(document->as_object(), identity, oauth::Registrant::an_operator);
  if (!client) return refuse(client.error().description);
  if (client->name.empty()) return refuse("client_name is missing");
  if (const auto good = oauth::check_client_configuration(*client); !good) {
    return refuse(good.error().description);
  }
  return *std::move(client);
}

/// The keys that the client's tokens are signed with; makes those that are missing.
base::Result<void> provide_keys(Core& core, const oauth::Client& client) {
  return core.ring.provide(*core.store, oauth::signing_algorithms(client), core.clock.now());
}

/// Makes a secret where one is needed and tells it, or forgets the one that is not.
void settle_secret(Core& core, oauth::Client& client, json::object& told) {
  if (!client.has_secret()) {
    client.secret_hash.reset();
  } else if (!client.secret_hash) {
    const auto secret = oauth::make_client_secret(core.random);
    client.secret_hash = secret.hash;
    told["secret"] = secret.text.reveal();
  }
}

}  // namespace

json::object list_clients(Core& core) {
  json::array lines;
  for (const auto& client :
       core.store->read([](store::Transaction& tx) { return oauth::list_clients(tx); })) {
    lines.push_back(json::object{
        {"client_id", client.client_id()},
        {"name", client.name},
        {"auth_method", oauth::to_string(client.auth_method)},
        {"redirect_uris", json::array(client.redirect_uris.begin(), client.redirect_uris.end())},
        {"registered_by", client.registration_token_hash ? "itself" : "operator"}});
  }
  return {{"clients", std::move(lines)}};
}

Result add_client(Core& core, const json::object& arguments) {
  const auto now = core.clock.now();
  oauth::Client identity;
  identity.id = base::ClientId{core.ids.next(now).value};
  identity.organization = core.installation.organization;
  identity.project = core.installation.project;
  auto client = read_metadata(arguments, identity);
  if (!client) return std::unexpected(client.error());
  if (auto ready = provide_keys(core, *client); !ready) return std::unexpected(ready.error());
  json::object told{{"client_id", client->client_id()}, {"name", client->name}};
  settle_secret(core, *client, told);
  core.store->write([&](store::Transaction& tx) {
    oauth::insert_client(tx, *client, now);
    record_operator(tx, "client.registered", events::nobody, now, client->id);
  });
  return told;
}

Result show_client(Core& core, const json::object& arguments) {
  const auto client =
      core.store->read([&](store::Transaction& tx) { return find_named(core, tx, arguments); });
  if (!client) return std::unexpected(client.error());
  return oauth::client_metadata(*client, oauth::Registrant::an_operator);
}

Result change_client(Core& core, const json::object& arguments) {
  const auto before =
      core.store->read([&](store::Transaction& tx) { return find_named(core, tx, arguments); });
  if (!before) return std::unexpected(before.error());
  const auto wanted = read_metadata(arguments, *before);
  if (!wanted) return std::unexpected(wanted.error());
  if (auto ready = provide_keys(core, *wanted); !ready) return std::unexpected(ready.error());
  return core.store->write([&](store::Transaction& tx) -> Result {
    // What the client itself may have changed meanwhile: secret and registration token.
    const auto current = find_named(core, tx, arguments);
    if (!current) return std::unexpected(current.error());
    auto client = read_metadata(arguments, *current);
    if (!client) return std::unexpected(client.error());
    json::object told{{"client_id", client->client_id()}, {"name", client->name}};
    settle_secret(core, *client, told);
    oauth::update_client(tx, *client, core.clock.now());
    record_operator(tx, "client.updated", events::nobody, core.clock.now(), client->id);
    return told;
  });
}

Result delete_client(Core& core, const json::object& arguments) {
  return core.store->write([&](store::Transaction& tx) -> Result {
    const auto client = find_named(core, tx, arguments);
    if (!client) return std::unexpected(client.error());
    oauth::delete_client(tx, client->id);
    record_operator(tx, "client.deleted", events::nobody, core.clock.now(), client->id);
    return json::object{{"client_id", client->client_id()}, {"name", client->name}};
  });
}

}  // namespace vestibule::app
