#include "app/remote_identity.h"

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "app/operations.h"

namespace vestibule::app {
namespace {

constexpr std::size_t callers = 32;
constexpr std::size_t waiting_calls = 512;
constexpr std::size_t longest_answer = std::size_t{1024} * 1024;

base::Secret read_whole_file(const std::string& file) {
  std::ifstream in{file};
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (text.empty()) throw std::invalid_argument("cannot read a key from " + file);
  return base::Secret{std::move(text)};
}

remote::ZitadelOptions zitadel_options(const Config& config) {
  const auto& from = config.zitadel;
  remote::ZitadelOptions options;
  options.issuer = parse_url(from.issuer)->origin();
  options.organization = from.organization_id;
  options.client_id = from.client_id;
  options.redirect_uri = config.gateway.public_url + "/guest/v1/callback";
  options.scope = from.scope;
  options.guest_scope = from.guest_scope;
  options.audience = from.audience;
  if (!from.client_secret_file.empty())
    options.client_secret = read_secret_file(from.client_secret_file);
  if (!from.service_token_file.empty())
    options.service_token = read_secret_file(from.service_token_file);
  if (!from.service_key_file.empty()) options.service_key = read_whole_file(from.service_key_file);
  options.outgoing.allowed = http::Cidr::parse_all(from.allowed_networks);
  options.outgoing.ca_file = config.outgoing.ca_file;
  options.outgoing.total_timeout = from.call_timeout;
  options.outgoing.connect_timeout =
      std::min<std::chrono::milliseconds>(from.call_timeout, std::chrono::seconds(5));
  options.outgoing.max_response = longest_answer;
  return options;
}

}  // namespace

RemoteIdentity::RemoteIdentity(Core& core)
    : core_(core),
      options_(zitadel_options(core.config)),
      client_(options_, core.clock),
      tasks_(core.stored_purposes, core.random, remote::lease_of(client_)),
      tokens_(core.purposes, core.random),
      bench_{.store = *core.store,
             .guests = core.guests,
             .sessions = core.sessions,
             .api = client_,
             .tasks = tasks_,
             .tokens = tokens_,
             .clock = core.clock,
             .random = core.random,
             .organization = core.installation.organization,
             .service_account = core.installation.service_account,
             .client = core.installation.gateway_client,
             .session_lifetime = core.config.gateway.retention,
             .first_retry = core.config.zitadel.retry_after},
      sagas_(bench_),
      calls_({.threads = callers, .max_waiting = waiting_calls}),
      provider_(options_, {bench_, sagas_, core.outbox, core.ids, calls_, core.refused}) {
  core.purge_step = [this](store::Transaction& tx, std::span<const base::UserId> candidates,
                           base::Time cutoff, base::Time now) {
    return sagas_.removing.begin_purge(tx, candidates, cutoff, now);
  };
  core.on_erasure([this](store::Transaction& tx, const accounts::User& user,
                         guests::EraseReason reason,
                         base::Time now) { sagas_.removing.on_erasure(tx, user, reason, now); });
}

RemoteIdentity::~RemoteIdentity() {
  core_.on_erasure({});
}

std::vector<lifecycle::Job> RemoteIdentity::jobs() {
  return {{"remote-tasks", base::Milliseconds{500},
           [this](base::Time now, const std::stop_token& stop) { sagas_.run_due(now, stop); }},
          {"remote-tokens", base::Milliseconds{10 * 60 * 1000},
           [this](base::Time, const std::stop_token& stop) { sagas_.forget_ended_tokens(stop); }}};
}

}  // namespace vestibule::app
