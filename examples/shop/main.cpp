#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/url.hpp>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>

#include "base/ids.h"
#include "base/random.h"
#include "http/server.h"
#include "routes.h"

namespace {

using namespace vestibule;

struct Arguments {
  std::string listen = "127.0.0.1:8082";
  std::string data = ".";
  std::string issuer;
  std::string audience;
  std::string jwks_url;
  std::string webhook_secret_file;
  std::string cart_merge = "sum";
  std::string maintenance_file;
  std::string mailbox_url;
};

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

Address parse_address(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0)
    throw std::runtime_error("--listen takes HOST:PORT, not " + text);
  const auto port = base::from_decimal(text.substr(colon + 1));
  if (!port || *port > 65'535) throw std::runtime_error("--listen: no such port in " + text);
  auto host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {std::move(host), static_cast<std::uint16_t>(*port)};
}

std::string origin_of(const std::string& url) {
  const auto parsed = boost::urls::parse_uri(url);
  if (!parsed || (parsed->scheme() != "http" && parsed->scheme() != "https") ||
      parsed->encoded_host().empty())
    throw std::runtime_error("--issuer is no http(s) URL: " + url);
  return std::string(parsed->encoded_origin());
}

std::vector<base::Secret> read_webhook_secrets(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read the webhook secret file " + path);
  const base::Secret text(std::string(std::istreambuf_iterator<char>(file), {}));
  auto secrets = shop::parse_webhook_secrets(text.reveal());
  if (!secrets) throw std::runtime_error(path + ": " + secrets.error().message);
  return std::move(*secrets);
}

/// Blocks the signals that end the program, before any thread is there to take them.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

void run(const Arguments& arguments) {
  const auto signals = block_signals();
  umask(0077);  // names and addresses are nobody else's to read on this machine
  const base::SystemClock clock;
  base::SystemRandom random;

  const auto rule = shop::parse_merge_rule(arguments.cart_merge);
  if (!rule) throw std::runtime_error("--cart-merge: no such rule as " + arguments.cart_merge);
  shop::Store store(arguments.data);
  shop::Jwks jwks(
      arguments.jwks_url.empty() ? arguments.issuer + "/oauth/v2/keys" : arguments.jwks_url,
      shop::http_fetch(), clock);
  shop::WebhookReceiver webhooks(store,
                                 {.secrets = read_webhook_secrets(arguments.webhook_secret_file),
                                  .cart_rule = *rule,
                                  .maintenance_file = arguments.maintenance_file},
                                 clock);
  shop::Shop shop{.store = store,
                  .jwks = jwks,
                  .policy = {.issuer = arguments.issuer, .audience = arguments.audience},
                  .webhooks = webhooks,
                  .clock = clock,
                  .mailbox_url = arguments.mailbox_url,
                  .provider_origin = origin_of(arguments.issuer)};

  boost::asio::thread_pool workers(4);
  const auto site = shop::make_site(shop, workers);
  http::Server server(
      {.threads = 1, .limits = {}, .trusted_proxies = {}},
      [&site](const http::RequestHead&) { return &site; }, clock, random, nullptr);
  const auto address = parse_address(arguments.listen);
  const auto port = server.listen(address.host, address.port);
  if (!port) throw std::runtime_error(port.error().message);
  server.start();
  spdlog::info("the shop listens on http://{}:{}", address.host, *port);

  int signal = 0;
  sigwait(&signals, &signal);
  server.stop(std::chrono::seconds(5));
  workers.join();
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Still Life: the demo shop that stands behind Vestibule's gateway");
  app.add_option("--listen", arguments.listen, "HOST:PORT for the gateway; port 0 is any free one")
      ->capture_default_str();
  app.add_option("--data", arguments.data, "directory of shop.sqlite")->capture_default_str();
  app.add_option("--issuer", arguments.issuer, "URL of the provider, as in the tokens' iss")
      ->required();
  app.add_option("--audience", arguments.audience, "our name in the tokens' aud")->required();
  app.add_option("--jwks-url", arguments.jwks_url,
                 "where the provider publishes its keys (default: ISSUER/oauth/v2/keys)");
  app.add_option("--webhook-secret-file", arguments.webhook_secret_file,
                 "file with the whsec_… secret that Vestibule signs webhooks with")
      ->required();
  app.add_option("--cart-merge", arguments.cart_merge,
                 "what becomes of a product in both carts: sum, max, guest, account or newest")
      ->check(CLI::IsMember({"sum", "max", "guest", "account", "newest"}))
      ->capture_default_str();
  app.add_option("--maintenance-file", arguments.maintenance_file,
                 "while this file is there, webhooks are answered 503");
  app.add_option("--mailbox-url", arguments.mailbox_url, "page of the demo's mailbox");
  CLI11_PARSE(app, argc, argv);
  try {
    run(arguments);
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    spdlog::critical("{}", error.what());
    return EXIT_FAILURE;
  }
}
