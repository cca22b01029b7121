#include "app/config.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <set>

#include "app/config_check.h"
#include "app/config_table.h"
#include "base/ids.h"

namespace vestibule::app {
namespace {

constexpr base::Seconds longest_cookie{400LL * 24 * 3600};
constexpr base::Seconds longest_kept{400LL * 24 * 3600};

void read_lists(ConfigTable& table, Config& config) {
  table.strings("roles", config.roles);
  table.strings("trusted_proxies", config.trusted_proxies);
  table.strings("gateway.forward_auth_peers", config.gateway.forward_auth_peers);
  table.strings("outgoing.allowed_networks", config.outgoing.allowed_networks);
  table.strings("zitadel.allowed_networks", config.zitadel.allowed_networks);
  table.each("gateway.rules", [&](ConfigTable& rule) {
    RuleConfig out;
    rule.text("method", out.method);
    rule.required_text("path", out.path);
    rule.strings("except", out.except);
    config.gateway.rules.push_back(std::move(out));
  });
  table.each("purge.applications", [&](ConfigTable& entry) {
    PurgeApplicationConfig out;
    entry.required_text("client", out.client);
    entry.duration("retention", out.retention);
    config.purge.applications.push_back(std::move(out));
  });
  table.each("applications", [&](ConfigTable& entry) {
    ApplicationConfig out;
    entry.required_text("name", out.name);
    entry.text("webhook_url", out.webhook_url);
    entry.text("webhook_secret_file", out.webhook_secret_file);
    entry.strings("events", out.events);
    entry.boolean("holds_data", out.holds_data);
    entry.strings("allowed_networks", out.allowed_networks);
    entry.text("service_account", out.service_account);
    config.applications.push_back(std::move(out));
  });
}

// The one list of keys: what is not here is a mistake, what is here is documented.
void read(ConfigTable& table, Config& config) {
  table.text("listen", config.listen);
  table.text("public_url", config.public_url);
  table.text("data", config.data);
  table.text("store", config.store);
  table.text("master_key_file", config.master_key_file);
  table.integer("threads", config.threads, 0, 1024);
  table.duration("shutdown_grace", config.shutdown_grace);

  table.text("tls.listen", config.tls.listen);
  table.text("tls.certificate", config.tls.certificate);
  table.text("tls.key", config.tls.key);

  table.text("log.level", config.log.level);
  table.choice("log.format", config.log.format,
               {{"text", LogFormat::text}, {"json", LogFormat::json}});

  auto& gateway = config.gateway;
  table.text("gateway.listen", gateway.listen);
  table.text("gateway.tls_listen", gateway.tls_listen);
  table.text("gateway.public_url", gateway.public_url);
  table.text("gateway.upstream", gateway.upstream);
  table.text("gateway.audience", gateway.audience);
  table.choice("gateway.cookie_format", gateway.cookie_format,
               {{"sealed", CookieFormat::sealed}, {"jwt", CookieFormat::jwt}});
  table.duration("gateway.retention", gateway.retention);
  table.duration("gateway.token_lifetime", gateway.token_lifetime);
  table.duration("gateway.upstream_timeout", gateway.upstream_timeout);
  table.text("gateway.forward_auth_listen", gateway.forward_auth_listen);
  table.text("gateway.forward_auth_secret_file", gateway.forward_auth_secret_file);
  table.choice("gateway.forwarded_headers", gateway.forwarded_headers,
               {{"x_forwarded", ForwardedHeaders::x_forwarded},
                {"x_original", ForwardedHeaders::x_original}});

  table.choice(
      "gateway.identity_provider", gateway.identity_provider,
      {{"embedded", IdentityProviderKind::embedded}, {"zitadel", IdentityProviderKind::zitadel}});

  auto& zitadel = config.zitadel;
  table.text("zitadel.issuer", zitadel.issuer);
  table.text("zitadel.organization_id", zitadel.organization_id);
  table.text("zitadel.client_id", zitadel.client_id);
  table.text("zitadel.client_secret_file", zitadel.client_secret_file);
  table.text("zitadel.service_token_file", zitadel.service_token_file);
  table.text("zitadel.service_key_file", zitadel.service_key_file);
  table.text("zitadel.scope", zitadel.scope);
  table.text("zitadel.guest_scope", zitadel.guest_scope);
  table.text("zitadel.audience", zitadel.audience);
  table.duration("zitadel.call_timeout", zitadel.call_timeout);
  table.duration("zitadel.retry_after", zitadel.retry_after);

  table.integer("limits.guests_per_minute", config.limits.guests_per_minute, 1, 1'000'000);
  table.integer("limits.guests_burst", config.limits.guests_burst, 1, 1'000'000);
  table.integer("limits.guests_in_all_per_minute", config.limits.guests_in_all_per_minute, 1,
                1'000'000'000);
  table.choice("limits.proof_of_work", config.limits.proof_of_work,
               {{"off", ProofOfWork::off},
                {"pressure", ProofOfWork::pressure},
                {"always", ProofOfWork::always}});
  table.integer("limits.proof_of_work_bits", config.limits.proof_of_work_bits, 1, 30);
  table.integer("limits.sign_ins_per_minute", config.limits.sign_ins_per_minute, 1, 1'000'000);
  table.integer("limits.failures_per_account_per_hour", config.limits.failures_per_account_per_hour,
                1, 10'000'000);
  table.integer("limits.connections_per_address", config.limits.connections_per_address, 0,
                1'000'000);

  table.text("passwords.refused_file", config.passwords.refused_file);

  table.duration("purge.retention", config.purge.retention);
  table.duration("purge.interval", config.purge.interval);
  table.number("purge.max_share", config.purge.max_share, 0.0, 1.0);

  table.duration("keys.rotation", config.keys.rotation);
  table.duration("keys.publish_ahead", config.keys.publish_ahead);

  table.choice("dpop.nonces", config.dpop.nonces,
               {{"optional", DpopNonces::optional}, {"required", DpopNonces::required}});

  table.choice("mail.transport", config.mail.transport,
               {{"mailbox", MailTransport::mailbox},
                {"smtp", MailTransport::smtp},
                {"none", MailTransport::none}});
  table.integer("mail.per_recipient_per_day", config.mail.per_recipient_per_day, 1, 1000);
  table.text("mail.url", config.mail.url);
  table.choice("mail.starttls", config.mail.starttls,
               {{"required", MailTls::required},
                {"opportunistic", MailTls::opportunistic},
                {"none", MailTls::none}});
  table.text("mail.username", config.mail.username);
  table.text("mail.password_file", config.mail.password_file);
  table.text("mail.from", config.mail.from);
  table.duration("mail.timeout", config.mail.timeout);

  table.duration("merge.deadline", config.merge.deadline);
  table.duration("events.keep_delivered", config.events.keep_delivered);
  table.duration("merge.alias_retention", config.merge.alias_retention);

  table.choice("registration.mode", config.registration.mode,
               {{"off", oauth::RegistrationMode::off},
                {"open", oauth::RegistrationMode::open},
                {"token", oauth::RegistrationMode::by_token}});
  table.text("registration.initial_access_token_file",
             config.registration.initial_access_token_file);
  table.integer("registration.per_minute", config.registration.per_minute, 1, 1'000'000);
  table.integer("registration.max_clients", config.registration.max_clients, 0, 1'000'000);

  table.text("outgoing.ca_file", config.outgoing.ca_file);

  table.text("mtls.header", config.mtls.header);
  table.choice("mtls.encoding", config.mtls.encoding,
               {{"rfc9440", oauth::CertificateEncoding::structured},
                {"escaped_pem", oauth::CertificateEncoding::escaped_pem}});
  table.text("mtls.public_url", config.mtls.public_url);
  read_lists(table, config);
}

/// The two listeners of an origin, with their keys.
struct Listeners {
  std::string_view plain_key;
  const std::string& plain;
  std::string_view tls_key;
  const std::string& tls;
};
struct DefaultUrl {
  std::string url;  ///< empty without a listener
  bool beyond_loopback = false;
};

DefaultUrl default_url(const Listeners& listeners, ConfigCheck& check) {
  DefaultUrl out;
  const auto plain = check.address(listeners.plain_key, listeners.plain);
  const auto tls = check.address(listeners.tls_key, listeners.tls);
  out.beyond_loopback = (plain && !is_loopback(plain->host)) || (tls && !is_loopback(tls->host));
  if (tls) {
    out.url = "https://" + listeners.tls;
  } else if (!listeners.plain.empty()) {
    out.url = "http://" + listeners.plain;
  }
  return out;
}

void check_gateway(Config& config, ConfigCheck& check) {
  auto& gateway = config.gateway;
  check.url("gateway.public_url", gateway.public_url);
  check.url("gateway.upstream", gateway.upstream);
  if (const auto upstream = parse_url(gateway.upstream);
      upstream && (upstream->scheme != "http" || !upstream->path.empty())) {
    check.wrong("gateway.upstream", "has to be http://HOST:PORT");
  }
  if (gateway.retention <= base::Seconds{0} || gateway.retention > longest_cookie) {
    check.wrong("gateway.retention", "has to be between 1s and 400d (RFC 6265bis)");
  }
  if (gateway.token_lifetime < base::Seconds{30} || gateway.token_lifetime > base::Seconds{3600}) {
    check.wrong("gateway.token_lifetime", "has to be between 30s and 1h");
  }
  for (const auto& rule : gateway.rules) {
    if (!rule.path.starts_with('/')) {
      check.wrong("gateway.rules", fmt::format("path '{}' does not begin with /", rule.path));
    }
  }
  const auto own = default_url(
      {"gateway.listen", gateway.listen, "gateway.tls_listen", gateway.tls_listen}, check);
  if (gateway.public_url.empty() && own.beyond_loopback) {
    check.wrong("gateway.public_url", "is needed to listen beyond loopback");
  }
  check.address("gateway.forward_auth_listen", gateway.forward_auth_listen);
  check.ranges("gateway.forward_auth_peers", gateway.forward_auth_peers);
  const bool forward_auth = !gateway.forward_auth_listen.empty() ||
                            !gateway.forward_auth_secret_file.empty() ||
                            !gateway.forward_auth_peers.empty();
  if (forward_auth && gateway.cookie_format == CookieFormat::jwt) {
    check.wrong("gateway.cookie_format",
                "forward-auth sets one cookie at most, and the format jwt needs two");
  }
  if (gateway.public_url.empty()) {
    gateway.public_url = own.url.empty() ? config.public_url : own.url;
  }
  if (gateway.audience.empty()) gateway.audience = gateway.public_url;
}

void check_applications(const Config& config, ConfigCheck& check) {
  std::set<std::string> names;
  for (const auto& application : config.applications) {
    if (!names.insert(application.name).second) {
      check.wrong("applications", fmt::format("two are named '{}'", application.name));
    }
    check.url("applications", application.webhook_url);
    check.ranges("applications", application.allowed_networks);
    if (!application.webhook_url.empty() && application.webhook_secret_file.empty()) {
      check.wrong("applications", fmt::format("'{}' has a webhook_url but no webhook_secret_file",
                                              application.name));
    }
  }
}

void check_purge(const Config& config, ConfigCheck& check) {
  constexpr base::Seconds shortest{60};
  if (config.purge.retention < shortest) check.wrong("purge.retention", "has to be at least 1m");
  std::set<base::ClientId> clients;
  for (const auto& application : config.purge.applications) {
    const auto client = base::parse_id<base::ClientId>(application.client);
    if (!client || client->value == 0) {
      check.wrong("purge.applications",
                  fmt::format("'{}' is not the id of a client", application.client));
    } else if (!clients.insert(*client).second) {
      check.wrong("purge.applications", fmt::format("two are for client {}", application.client));
    }
    if (application.retention < shortest) {
      check.wrong(
          "purge.applications",
          fmt::format("the retention for client '{}' has to be at least 1m", application.client));
    }
  }
}

void complete_and_check(Config& config, ConfigCheck& check) {
  const auto own = default_url({"listen", config.listen, "tls.listen", config.tls.listen}, check);
  if (config.listen.empty() && config.tls.listen.empty()) {
    check.wrong("listen", "this or tls.listen is needed");
  }
  check.url("public_url", config.public_url);
  check.ranges("trusted_proxies", config.trusted_proxies);
  if (config.public_url.empty()) {
    if (own.beyond_loopback) check.wrong("public_url", "is needed to listen beyond loopback");
    config.public_url = own.url;
  }
  if (config.public_url.ends_with('/')) config.public_url.pop_back();
  if (config.store.empty()) config.store = "sqlite:" + config.data + "/vestibule.db";
  if (!config.store.starts_with("sqlite:")) {
    check.wrong("store", fmt::format("'{}' is not sqlite:PATH", config.store));
  }
  if (config.master_key_file.empty()) config.master_key_file = config.data + "/secrets/master.key";
  if (config.roles.empty()) {
    config.roles = {"gateway", "keeper"};
    if (config.gateway.identity_provider == IdentityProviderKind::embedded)
      config.roles.emplace_back("provider");
  }
  for (const auto& role : config.roles) {
    if (role != "provider" && role != "gateway" && role != "keeper") {
      check.wrong("roles", fmt::format("'{}' is none of provider, gateway, keeper", role));
    }
  }
  if (config.merge.alias_retention < base::Seconds{24 * 3600}) {
    check.wrong("merge.alias_retention", "has to be at least 1d: applications may be offline");
  }
  static const std::set<std::string> levels{"trace", "debug", "info", "warn", "error"};
  if (!levels.contains(config.log.level)) {
    check.wrong("log.level", "has to be one of trace, debug, info, warn, error");
  }
  check_purge(config, check);
  auto& limits = config.limits;
  if (limits.guests_in_all_per_minute == 0)
    limits.guests_in_all_per_minute = std::min(limits.guests_per_minute, 1'000'000) * 1'000;
  if (limits.failures_per_account_per_hour == 0)
    limits.failures_per_account_per_hour = 3 * limits.sign_ins_per_minute;
  if (config.events.keep_delivered > longest_kept)
    check.wrong("events.keep_delivered", "has to be at most 400d");
  check_tls(config, check);
  check_mail(config, check);
  check_gateway(config, check);
  check_applications(config, check);
  check_outgoing(config, check);
  check_mtls(config, check);
  check_registration(config, check);
  check_zitadel(config, check);
}

}  // namespace

bool Config::has_role(const std::string& role) const {
  return std::ranges::find(roles, role) != roles.end();
}

std::vector<Override> overrides_from_environment(const char* const* environment) {
  constexpr std::string_view prefix = "VESTIBULE_";
  std::vector<Override> out;
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view entry{*environment};
    const auto equals = entry.find('=');
    if (!entry.starts_with(prefix) || equals == std::string_view::npos) continue;
    const auto variable = entry.substr(0, equals);
    // Not settings: where the file is, and what the tests pass to themselves.
    if (variable == "VESTIBULE_CONFIG" || variable.starts_with("VESTIBULE_TEST_")) continue;
    std::string key;
    for (auto rest = variable.substr(prefix.size()); !rest.empty();) {
      if (rest.starts_with("__")) {
        key.push_back('.');
        rest.remove_prefix(2);
      } else {
        const char c = rest.front();
        key.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
        rest.remove_prefix(1);
      }
    }
    out.push_back({std::move(key), std::string(entry.substr(equals + 1)), std::string(variable)});
  }
  return out;
}

LoadedConfig load_config(const std::string& file, const std::vector<Override>& overrides) {
  LoadedConfig loaded;
  loaded.config.file = file;
  ConfigTable table{file, loaded.mistakes};
  for (const auto& value : overrides) table.put(value);
  read(table, loaded.config);
  table.report_unknown();
  ConfigCheck check{table, loaded.mistakes};
  complete_and_check(loaded.config, check);
  return loaded;
}

}  // namespace vestibule::app
