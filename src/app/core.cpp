#include "app/core.h"

#include <spdlog/spdlog.h>

#include <filesystem>

#include "app/outgoing.h"
#include "app/webhook_secrets.h"
#include "keys/master_key.h"
#include "lifecycle/purge_runs.h"
#include "recovery/epoch.h"
#include "store/sqlite.h"

namespace vestibule::app {
namespace {

base::Result<keys::MasterKey> load_master_key(const Config& config, base::Random& random) {
  if (config.master_key_file == config.data + "/secrets/master.key") {
    return keys::MasterKey::load_or_create(config.data, random);
  }
  return keys::MasterKey::load(config.master_key_file);
}

keys::RotationPolicy rotation_policy(const Config& config) {
  keys::RotationPolicy policy;
  policy.rotate_every = config.keys.rotation;
  policy.publish_ahead = config.keys.publish_ahead;
  return policy;
}

lifecycle::PurgeStep default_purge_step(const Config& config, const guests::Guests& guests) {
  if (config.gateway.identity_provider == IdentityProviderKind::embedded)
    return lifecycle::delete_at_once(guests);
  return [](auto&&...) -> int {
    throw store::Unavailable("guests of a remote identity provider are purged by a running server");
  };
}

}  // namespace

Core::Core(const Config& the_config, const base::Clock& the_clock, base::Random& the_random,
           std::unique_ptr<store::Store> the_store, keys::MasterKey master,
           std::vector<events::Application> applications)
    : config(the_config),
      clock(the_clock),
      random(the_random),
      store(std::move(the_store)),
      purposes(master),
      stored_purposes(master),
      ring(master, rotation_policy(config), {jose::Algorithm::es256, jose::Algorithm::rs256},
           random),
      refresh_key(master.derive("refresh-token")),
      audit(*store, random, master.derive("audit"), config.data + "/audit-head"),
      sessions(ended,
               [this] {
                 if (wake_logout_) wake_logout_();
               }),
      outbox(std::move(applications),
             [this] {
               if (wake_) wake_();
             }),
      guests(ids, sessions, outbox, random, {.deadline = config.merge.deadline},
             [this](store::Transaction& tx, const accounts::User& user, guests::EraseReason reason,
                    base::Time now) {
               if (on_erasure_) on_erasure_(tx, user, reason, now);
             }),
      outgoing(outgoing_options(config)),
      purge_step(default_purge_step(config, guests)) {}

base::Result<std::unique_ptr<Core>> Core::open(const Config& config, const base::Clock& clock,
                                               base::Random& random) {
  const auto refuse = [](std::string message) {
    return base::fail(base::ErrorKind::unavailable, "start", std::move(message));
  };
  accounts::RefusedPasswords refused;
  if (const auto& file = config.passwords.refused_file; !file.empty()) {
    auto loaded = accounts::RefusedPasswords::load(file);
    if (!loaded) return std::unexpected(loaded.error());
    refused = *std::move(loaded);
  }
  auto applications = read_applications(config);
  if (!applications) return std::unexpected(applications.error());

  std::error_code made;
  std::filesystem::create_directories(config.data, made);
  if (made) return refuse(config.data + ": " + made.message());
  auto master = load_master_key(config, random);
  if (!master) return std::unexpected(master.error());

  std::unique_ptr<store::Store> store;
  try {
    store = store::open_sqlite({.path = config.store.substr(std::string_view("sqlite:").size()),
                                .opened_at = clock.now()});
  } catch (const store::Unavailable& error) {
    return refuse(error.what());
  }
  std::unique_ptr<Core> core{new Core{config, clock, random, std::move(store), *std::move(master),
                                      *std::move(applications)}};
  core->purposes.begin_epoch(core->store->read(recovery::find_epoch));
  if (auto opened = core->ring.open(*core->store, clock.now()); !opened) {
    return std::unexpected(opened.error());
  }
  core->refused.replace(std::move(refused));
  lifecycle::close_interrupted_runs(*core->store);
  core->ended.load(*core->store);
  core->ids.load(*core->store);
  core->installation = ensure_installation(*core->store, core->ids, random, config, clock.now());
  return core;
}

}  // namespace vestibule::app
