#include "events/dispatcher.h"

#include <map>

#include "events/lane.h"

namespace vestibule::events {

Sender make_sender(const std::vector<Application>& applications, const std::string& ca_file) {
  std::map<std::string, http::OutgoingClient, std::less<>> clients;
  for (const auto& application : applications) {
    http::OutgoingOptions options;
    options.total_timeout = longest_attempt;
    options.max_response = 64 * 1024;
    options.allowed = http::Cidr::parse_all(application.allowed_networks);
    options.ca_file = ca_file;
    clients.emplace(application.name, http::OutgoingClient(std::move(options)));
  }
  return [clients = std::move(clients)](const Application& application,
                                        const http::OutgoingRequest& request) {
    return clients.find(application.name)->second.send(request);
  };
}

Dispatcher::Dispatcher(store::Store& store, const Outbox& outbox, const base::Clock& clock,
                       base::Random& random, Sender sender, OnAcknowledged on_acknowledged,
                       DispatcherOptions options)
    : store_(store), clock_(clock), options_(std::move(options)) {
  for (const auto& application : outbox.applications()) {
    if (application.webhook_url.empty()) continue;
    lanes_.push_back(std::make_unique<Lane>(
        application, AttemptContext{store_, clock_, random, sender, on_acknowledged, options_}));
  }
}

Dispatcher::~Dispatcher() {
  stop();
}

void Dispatcher::start() {
  for (auto& lane : lanes_) lane->start();
}

void Dispatcher::stop() {
  for (auto& lane : lanes_) lane->ask_to_stop();
  for (auto& lane : lanes_) lane->join();
}

void Dispatcher::wake() {
  for (auto& lane : lanes_) lane->wake();
}

int Dispatcher::deliver_due() {
  int delivered = 0;
  for (auto& lane : lanes_) delivered += lane->deliver_due();
  return delivered;
}

}  // namespace vestibule::events
