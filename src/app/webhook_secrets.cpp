#include "app/webhook_secrets.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace vestibule::app {
namespace {

base::Result<events::WebhookSecrets::Keys> read_secrets(const std::string& path) {
  std::ifstream file{path};
  const base::Secret text{std::string(std::istreambuf_iterator<char>(file), {})};
  if (!file) {
    return base::fail(base::ErrorKind::invalid, "webhook_secret_file", "cannot read " + path);
  }
  auto secrets = events::parse_webhook_secrets(text.reveal());
  if (!secrets) {
    auto error = secrets.error();
    error.message = path + ": " + error.message;
    return std::unexpected(std::move(error));
  }
  return secrets;
}

}  // namespace

base::Result<std::vector<events::Application>> read_applications(const Config& config) {
  std::vector<events::Application> applications;
  for (const auto& entry : config.applications) {
    events::Application application;
    application.name = entry.name;
    application.webhook_url = entry.webhook_url;
    application.types = entry.events;
    application.data =
        entry.holds_data ? events::Application::Data::held : events::Application::Data::none;
    application.allowed_networks = entry.allowed_networks;
    application.service_account = base::parse_id<base::UserId>(entry.service_account);
    if (!entry.webhook_secret_file.empty()) {
      auto secrets = read_secrets(entry.webhook_secret_file);
      if (!secrets) return std::unexpected(secrets.error());
      application.webhook_secrets.replace(*std::move(secrets));
    }
    applications.push_back(std::move(application));
  }
  return applications;
}

void reload_webhook_secrets(const std::vector<events::Application>& running, const Config& fresh) {
  const auto read = read_applications(fresh);
  if (!read) {
    spdlog::error("the webhook secrets were not read again: {}", read.error().message);
    return;
  }
  for (const auto& application : running) {
    const auto found = std::ranges::find(*read, application.name, &events::Application::name);
    if (found == read->end()) continue;
    auto secrets = application.webhook_secrets;  // the same ones
    secrets.replace(*found->webhook_secrets.current());
  }
  spdlog::info("the webhook secrets were read again");
}

}  // namespace vestibule::app
