#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "events/dispatcher.h"

namespace vestibule::events {

/// For tests: an application that takes webhooks.
inline Application application(std::string name) {
  Application result;
  result.name = std::move(name);
  result.webhook_url = "http://127.0.0.1:1/webhook";
  result.webhook_secrets = WebhookSecrets({base::Secret(std::string(32, 'k'))});
  return result;
}

/// For tests: receives what is sent, answering as told, 204 by default. Thread-safe.
class Receiver {
 public:
  Sender sender() {
    return [this](const Application& application, const http::OutgoingRequest& request) {
      return receive(application, request);
    };
  }
  /// The next answers, in order.
  void answer(int status, std::string body = {}) {
    const std::lock_guard lock(mutex_);
    answers_.push_back({status, std::move(body)});
  }
  struct Received {
    std::string application;
    std::string id;
    std::string body;
  };
  std::vector<Received> received() const {
    const std::lock_guard lock(mutex_);
    return received_;
  }

 private:
  std::expected<http::OutgoingResponse, http::OutgoingError> receive(
      const Application& application, const http::OutgoingRequest& request) {
    const std::lock_guard lock(mutex_);
    received_.push_back({application.name,
                         std::string(request.headers.find("webhook-id").value_or("")),
                         request.body});
    if (answers_.empty()) return http::OutgoingResponse{204, {}, {}};
    auto [status, body] = std::move(answers_.front());
    answers_.pop_front();
    return http::OutgoingResponse{status, {}, std::move(body)};
  }

  mutable std::mutex mutex_;
  std::deque<std::pair<int, std::string>> answers_;
  std::vector<Received> received_;
};

}  // namespace vestibule::events
