#include <fmt/format.h>

#include "app/doctor.h"

namespace vestibule::app {
namespace {

void check_url(std::string_view key, const std::string& url, Findings& findings) {
  const auto parts = parse_url(url);
  if (!parts || parts->scheme == "https" || is_loopback(parts->host)) return;
  findings.push_back({Severity::error, "http_beyond_loopback",
                      fmt::format("{} is {}: cookies and passwords travel in the clear", key, url),
                      "use https (tls.*, or a proxy that ends TLS)"});
}

bool is_wide_open(std::string_view range) {
  return range.ends_with("/0");
}

void check_ranges(std::string_view key, const std::vector<std::string>& ranges,
                  Findings& findings) {
  for (const auto& range : ranges) {
    if (!is_wide_open(range)) continue;
    findings.push_back({Severity::error, "everybody_trusted",
                        fmt::format("{} has {}: anybody may say who a client is", key, range),
                        "name the proxies' own addresses"});
  }
}

bool is_loopback_only(const Config& config) {
  const auto at = parse_host_port(config.listen);
  return config.tls.listen.empty() && (!at || is_loopback(at->host));
}

}  // namespace

void check_urls(const Patient& patient, Findings& findings) {
  const auto& config = patient.config;
  check_url("public_url", config.public_url, findings);
  check_url("gateway.public_url", config.gateway.public_url, findings);
  const auto provider = parse_url(config.public_url);
  const auto application = parse_url(config.gateway.public_url);
  if (provider && application && config.has_role("gateway") && config.has_role("provider") &&
      provider->origin() == application->origin()) {
    findings.push_back({is_loopback(provider->host) ? Severity::note : Severity::error,
                        "one_origin",
                        "provider and application share an origin: each one's scripts and cookies "
                        "reach the other",
                        "give the application an origin of its own (gateway.public_url)"});
  }
}

void check_proxies(const Patient& patient, Findings& findings) {
  check_ranges("trusted_proxies", patient.config.trusted_proxies, findings);
  check_ranges("gateway.forward_auth_peers", patient.config.gateway.forward_auth_peers, findings);
  check_ranges("outgoing.allowed_networks", patient.config.outgoing.allowed_networks, findings);
  for (const auto& application : patient.config.applications) {
    check_ranges("applications.allowed_networks", application.allowed_networks, findings);
  }
}

void check_openness(const Patient& patient, Findings& findings) {
  const auto& config = patient.config;
  if (config.mail.transport == MailTransport::mailbox) {
    findings.push_back({is_loopback_only(config) ? Severity::note : Severity::error,
                        "mailbox_shown", "every mail and its link is shown at /mailbox",
                        "mail.transport = \"smtp\""});
  }
  if (config.mail.transport == MailTransport::none) {
    findings.push_back({Severity::warning, "no_mail",
                        "nobody can prove an address or renew a password",
                        "mail.transport = \"smtp\""});
  }
  if (config.registration.mode == oauth::RegistrationMode::open) {
    findings.push_back({Severity::warning, "open_registration", "anybody may register clients",
                        "registration.mode = \"token\", unless that is meant"});
  }
  if (config.log.level == "debug" || config.log.level == "trace") {
    findings.push_back({Severity::note, "log_level", "the log level is " + config.log.level,
                        "log.level = \"info\""});
  }
}

}  // namespace vestibule::app
