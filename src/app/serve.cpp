#include "app/serve.h"

#include <fmt/core.h>
#include <pthread.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <optional>

#include "app/audit_job.h"
#include "app/control.h"
#include "app/core.h"
#include "app/event_lines.h"
#include "app/listeners.h"
#include "app/log.h"
#include "app/mail.h"
#include "app/metrics.h"
#include "app/mtls.h"
#include "app/operations.h"
#include "app/purge_commands.h"
#include "app/recovery_commands.h"
#include "app/registration_config.h"
#include "app/remote_identity.h"
#include "app/sites.h"
#include "app/webhook_secrets.h"
#include "events/dispatcher.h"
#include "gateway/embedded_provider.h"
#include "gateway/gateway.h"
#include "guests/merge_parts.h"
#include "http/server.h"
#include "lifecycle/cleanup.h"
#include "lifecycle/jobs.h"
#include "oauth/tokens.h"
#include "provider/context.h"
#include "provider/logout_dispatcher.h"
#include "provider/registration_endpoint.h"
#include "web/device_pages.h"
#include "web/web.h"
#include "zitadel/routes.h"

namespace vestibule::app {
namespace {

/// Signals that serve() waits for. Blocked before any thread starts, so that none is lost.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set_, number);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  int wait() const {
    int number = 0;
    sigwait(&set_, &number);
    return number;
  }

 private:
  sigset_t set_{};
};

http::Rate per_minute(int count, int burst) {
  return {static_cast<std::uint32_t>(count), std::chrono::minutes(1),
          static_cast<std::uint32_t>(burst)};
}

gateway::WorkPolicy work_policy(ProofOfWork when) {
  switch (when) {
    case ProofOfWork::off:
      return gateway::WorkPolicy::off;
    case ProofOfWork::pressure:
      return gateway::WorkPolicy::pressure;
    case ProofOfWork::always:
      break;
  }
  return gateway::WorkPolicy::always;
}

gateway::GuestGate::Limits guest_limits(const Config& config) {
  const auto& limits = config.limits;
  return {.per_address = per_minute(limits.guests_per_minute, limits.guests_burst),
          .in_all = per_minute(limits.guests_in_all_per_minute, limits.guests_in_all_per_minute),
          .policy = work_policy(limits.proof_of_work)};
}

gateway::GatewayOptions gateway_options(const Config& config, bool separate) {
  gateway::GatewayOptions options;
  options.public_origin = parse_url(config.gateway.public_url)->origin();
  options.cookie_format = config.gateway.cookie_format == CookieFormat::jwt
                              ? gateway::CookieFormat::jwt
                              : gateway::CookieFormat::sealed;
  options.retention = config.gateway.retention;
  options.renew_ahead = std::min(base::Seconds{60}, config.gateway.token_lifetime / 2);
  for (const auto& rule : config.gateway.rules) {
    options.rules.push_back({.method = rule.method, .path = rule.path, .except = rule.except});
  }
  if (!separate) options.reserved_paths = {"/oauth", "/oidc", "/ui", "/device", "/mailbox"};
  options.guests = guest_limits(config);
  options.work_bits = config.limits.proof_of_work_bits;
  options.sign_in_rate =
      per_minute(config.limits.sign_ins_per_minute, config.limits.sign_ins_per_minute);
  options.trusted_proxies = http::Cidr::parse_all(config.trusted_proxies);
  options.forward_auth.family = config.gateway.forwarded_headers == ForwardedHeaders::x_original
                                    ? gateway::ForwardedFamily::x_original
                                    : gateway::ForwardedFamily::x_forwarded;
  options.forward_auth.peers = http::Cidr::parse_all(config.gateway.forward_auth_peers);
  if (!config.gateway.forward_auth_secret_file.empty()) {
    options.forward_auth.shared_secret = read_secret_file(config.gateway.forward_auth_secret_file);
  }
  options.upstream_timeout = config.gateway.upstream_timeout;
  return options;
}

gateway::EmbeddedOptions embedded_options(const Core& core) {
  const auto& config = core.config;
  gateway::EmbeddedOptions options;
  options.organization = core.installation.organization;
  options.service_account = core.installation.service_account;
  options.client = core.installation.gateway_client;
  options.redirect_uri = config.gateway.public_url + "/guest/v1/callback";
  options.authorization_endpoint = config.public_url + "/oauth/v2/authorize";
  options.audience = config.gateway.audience;
  options.token_lifetime = config.gateway.token_lifetime;
  options.session_lifetime = config.gateway.retention;
  return options;
}

web::WebOptions web_options(Core& core) {
  const auto& config = core.config;
  web::WebOptions options;
  options.public_origin = parse_url(config.public_url)->origin();
  options.issuer = config.public_url;
  options.application_url = config.gateway.public_url;
  options.organization = core.installation.organization;
  options.mailbox =
      config.mail.transport == MailTransport::mailbox ? web::Mailbox::shown : web::Mailbox::hidden;
  options.sign_in_rate =
      per_minute(config.limits.sign_ins_per_minute, config.limits.sign_ins_per_minute);
  options.failures_per_account =
      static_cast<std::uint32_t>(config.limits.failures_per_account_per_hour);
  options.refused_attempts = &core.refused_attempts;
  return options;
}

void rotate_keys_if_due(Core& core, base::Time now) {
  const auto due = core.ring.due(now);
  if (due.empty()) return;
  const auto fresh = keys::generate(due);
  const auto rotations = core.store->write(
      [&](store::Transaction& tx) { return core.ring.rotate_if_due(tx, fresh, now); });
  if (!rotations) {
    spdlog::error("keys were not rotated: {}", rotations.error().message);
    return;
  }
  for (const auto& rotation : *rotations) {
    spdlog::info("{} tokens are signed with {} now", jose::to_string(rotation.algorithm),
                 rotation.current_kid);
  }
}

void show_webhooks(Core& core, Metrics& metrics, base::Time now) {
  for (const auto& figures : read_figures(core)) {
    const auto waited = now - figures.waiting_since.value_or(now);
    metrics.set_webhooks({.application = figures.application,
                          .waiting = static_cast<double>(figures.waiting),
                          .dead = static_cast<double>(figures.dead),
                          .oldest_seconds = static_cast<double>(waited.count()) / 1000,
                          .circuit_open = figures.circuit && figures.circuit->next_probe});
  }
}

std::vector<lifecycle::Job> keeper_jobs(Core& core, Metrics& metrics, accounts::Mailer& mailer) {
  const auto& config = core.config;
  auto& store = *core.store;
  std::vector<lifecycle::Job> jobs;
  jobs.push_back(
      lifecycle::purge_job(core.purging(), purge_options(config), config.purge.interval));
  jobs.push_back(erasures_job(core));
  jobs.push_back(lifecycle::mail_job(mailer, std::chrono::milliseconds(500)));
  jobs.push_back(lifecycle::rotation_job([&core](base::Time now) { rotate_keys_if_due(core, now); },
                                         std::chrono::minutes(1)));
  jobs.push_back(lifecycle::merges_job(
      store,
      [&metrics](const guests::OpenMerges& merges, base::Time now) {
        metrics.set_merges(merges.open, merges.stalled, now - merges.oldest.value_or(now));
      },
      std::chrono::minutes(1)));
  jobs.push_back(lifecycle::cleanup_job(
      store, core.sessions, core.ended, core.outbox,
      {.delivered = config.events.keep_delivered, .aliases = config.merge.alias_retention},
      std::chrono::minutes(10)));
  jobs.push_back(audit_job(core));
  jobs.push_back({"webhook figures", std::chrono::seconds(5),
                  [&core, &metrics](base::Time now, const std::stop_token&) {
                    show_webhooks(core, metrics, now);
                  }});
  return jobs;
}

/// A list that cannot be read is told in the log, and the one that is in force stays.
void reload_refused_passwords(Core& core, const Config& fresh) {
  accounts::RefusedPasswords list;
  if (const auto& file = fresh.passwords.refused_file; !file.empty()) {
    auto loaded = accounts::RefusedPasswords::load(file);
    if (!loaded) {
      spdlog::error("the refused passwords were not read again: {}", loaded.error().message);
      return;
    }
    list = *std::move(loaded);
  }
  spdlog::info("{} passwords are refused", list.size());
  core.refused.replace(std::move(list));
}

events::DispatcherOptions dispatcher_options(Core& core) {
  events::DispatcherOptions options;
  options.store_use = events::StoreUse::exclusive;  // SQLite's lock
  options.delivered_rows = core.config.events.keep_delivered > base::Seconds{0}
                               ? events::Delivered::kept
                               : events::Delivered::deleted;
  options.on_delivered = guests::note_merge_delivered;
  options.monitor = &core.monitor;
  return options;
}

int fail_start(const base::Error& error) {
  fmt::print(stderr, "cannot start: {}\n", error.message);
  return 1;
}

void announce(const Config& config, bool separate) {
  if (separate) {
    fmt::print("provider    {}\napplication {}\n", config.public_url, config.gateway.public_url);
  } else {
    fmt::print("vestibule {}\n", config.public_url);
    spdlog::warn(
        "provider and application share the origin {}: fit for development on loopback only",
        config.public_url);
  }
  std::fflush(stdout);
}

}  // namespace

int serve(const Config& given, const base::Clock& clock, base::Random& random,
          const Reload& reload) {
  const Signals signals;
  auto config = given;

  // The sockets first: with port 0 they decide the URLs that everything else is made from.
  Metrics metrics;
  const Sites* chosen = nullptr;
  const auto tls = load_tls(config);
  if (!tls) return fail_start(tls.error());
  http::ServerOptions server_options;
  server_options.threads = config.threads;
  server_options.limits.connections_per_address = config.limits.connections_per_address;
  server_options.trusted_proxies = http::Cidr::parse_all(config.trusted_proxies);
  http::Server server{server_options,
                      [&chosen](const http::RequestHead& head) { return chosen->select(head); },
                      clock, random, &metrics};
  if (auto bound = bind_listeners(server, config, tls->get()); !bound) {
    return fail_start(bound.error());
  }

  // What is below HTTP: store, keys, sessions, verbs.
  auto opened = Core::open(config, clock, random);
  if (!opened) return fail_start(opened.error());
  Core& core = **opened;
  metrics.show_purges(core.purged);
  async::CpuPool cpu;
  const oauth::TokenIssuer issuer{config.public_url, core.ring, core.purposes, random};

  // The provider and its pages.
  web::Web web{web_options(core), *core.store, core.sessions, core.ids, core.purposes, cpu,
               core.refused,      clock,       random};
  async::CpuPool callers{{.threads = 4, .max_waiting = 64}};  // they wait for others' servers
  provider::RemoteKeySets client_keys{provider::fetch_json_with(core.outgoing), callers, clock};
  web::DevicePages device_pages{web,           web_options(core).public_origin,
                                *core.store,   core.sessions,
                                core.purposes, core.refresh_key,
                                clock,         random};
  const provider::RequestReferences references{provider::fetch_request_object_with(core.outgoing),
                                               callers};
  provider::ProviderContext provider{*core.store,   clock,  random,        core.ring,
                                     core.purposes, issuer, core.sessions, core.refresh_key,
                                     cpu,           web,    client_keys,   references};
  provider.options.certificates = certificate_source(core.config);
  provider.options.dpop_nonces = config.dpop.nonces == DpopNonces::required
                                     ? oauth::NonceRule::required
                                     : oauth::NonceRule::optional;
  add_mtls(core.config, provider.options.capabilities);
  provider.options.capabilities.registration =
      config.registration.mode != oauth::RegistrationMode::off;
  provider::RegistrationContext registration{
      registration_policy(config, core.installation.organization),
      per_minute(config.registration.per_minute, config.registration.per_minute),
      core.ids,
      core.ring,
      provider::fetch_json_with(core.outgoing),
      callers};
  zitadel::ZitadelContext zitadel{*core.store, clock,       random, core.ids, core.sessions,
                                  core.guests, core.outbox, issuer, cpu};

  // The gateway, on the provider in this process or on one elsewhere.
  Sites sites{config};
  gateway::EmbeddedProvider embedded{embedded_options(core),
                                     {*core.store, core.guests, core.sessions, core.outbox, issuer,
                                      cpu, clock, random, core.refused}};
  std::optional<RemoteIdentity> remote;
  if (config.gateway.identity_provider == IdentityProviderKind::zitadel) remote.emplace(core);
  gateway::IdentityProvider& identity =
      remote ? remote->provider() : static_cast<gateway::IdentityProvider&>(embedded);
  gateway::Gateway gateway{gateway_options(config, sites.separate()),
                           {identity, core.purposes, core.ended, clock, random}};
  std::optional<http::UpstreamPool> upstream;
  if (const auto address = parse_url(config.gateway.upstream)) {
    upstream.emplace(http::UpstreamAddress{address->host, address->port});
  }

  // Which origin answers what.
  const Operations operations{*core.store, metrics, cpu};
  operations.add_routes(sites.provider().router);
  if (config.has_role("provider")) {
    provider::add_provider_routes(sites.provider().router, provider);
    provider::add_registration_endpoints(sites.provider().router, provider, registration);
    web.add_routes(sites.provider().router);
    device_pages.add_routes(sites.provider().router);
    zitadel::add_zitadel_routes(sites.provider().router, zitadel);
  }
  if (config.has_role("gateway")) {
    if (sites.separate()) operations.add_health_routes(sites.application().router);
    gateway.add_routes(sites.application().router);
    if (upstream) sites.application().fallback = gateway.proxy(*upstream);
  }
  for (auto* const site : {&sites.provider(), &sites.application()}) {
    site->errors = gateway::site_errors();
    site->classify = classify_exception;
  }
  chosen = &sites;

  // Listeners that only trusted parties reach.
  http::Site proxies;
  proxies.name = "forward-auth";
  proxies.errors = gateway::site_errors();
  proxies.classify = classify_exception;
  if (!config.gateway.forward_auth_listen.empty()) {
    gateway.add_trusted_routes(proxies.router);
    const auto address = parse_host_port(config.gateway.forward_auth_listen);
    const auto bound = server.listen(address->host, address->port,
                                     [&proxies](const http::RequestHead&) { return &proxies; });
    if (!bound) return fail_start(bound.error());
  }
  Control control{core};
  if (auto bound = server.listen_local(
          control_socket(config), [&control](const http::RequestHead&) { return &control.site(); });
      !bound) {
    return fail_start(bound.error());
  }

  // What works in the background. An application that the configuration no longer names blocks no
  // merge and gets no event.
  core.store->write([&](store::Transaction& tx) {
    core.guests.release_waits_of_unknown(tx, clock.now());
    core.outbox.forget_unknown_applications(tx);
  });
  events::Dispatcher dispatcher{
      *core.store,
      core.outbox,
      clock,
      random,
      events::make_sender(core.outbox.applications(), config.outgoing.ca_file),
      [&core](store::Transaction& tx, base::MergeId merge, std::string_view application,
              base::Time now) {
        const auto acknowledged = core.guests.acknowledge(tx, merge, application, now);
        if (!acknowledged) {
          spdlog::warn("merge {}: {}", base::to_string(merge), acknowledged.error().message);
        }
      },
      dispatcher_options(core)};
  provider::LogoutDispatcher logout{
      {*core.store, clock, random, config.public_url, core.ring,
       [&core](const http::OutgoingRequest& request) { return core.outgoing.send(request); }},
      [&metrics](provider::LogoutOutcome outcome) {
        if (outcome == provider::LogoutOutcome::nothing_to_do) return;
        metrics.count_logout_notice(provider::to_string(outcome));
      }};
  accounts::Mailer mailer{
      *core.store,
      {.public_url = config.public_url, .per_recipient_per_day = config.mail.per_recipient_per_day},
      mail_sender(config, *core.store, random),
      random,
      clock};
  auto jobs = keeper_jobs(core, metrics, mailer);
  if (remote) std::ranges::move(remote->jobs(), std::back_inserter(jobs));
  lifecycle::Keeper keeper{std::move(jobs), clock};
  core.on_outbox([&dispatcher] { dispatcher.wake(); });
  core.on_logout_notices([&logout] { logout.wake(); });
  if (config.has_role("keeper")) {
    dispatcher.start();
    logout.start();
    keeper.start();
  }

  server.start();
  announce(config, sites.separate());
  while (signals.wait() == SIGHUP) {
    if (const auto fresh = reload()) {
      set_up_log(fresh->log);
      spdlog::info("the configuration was read again; log settings are in force");
      if (*tls) reload_tls(**tls, *fresh);
      reload_webhook_secrets(core.outbox.applications(), *fresh);
      reload_refused_passwords(core, *fresh);
    } else {
      spdlog::error(
          "the new configuration has mistakes (vestibule config check): nothing of it is in force");
    }
  }

  spdlog::info("shutting down");
  core.monitor.close();  // who looks on would hold the server's end up
  server.stop(config.shutdown_grace);
  keeper.stop();
  dispatcher.stop();
  logout.stop();
  core.on_outbox({});
  core.on_logout_notices({});
  if (config.has_role("keeper")) close_audit(core);
  return 0;
}

}  // namespace vestibule::app
