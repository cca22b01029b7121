#pragma once

#include <atomic>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace vestibule::events {

/// Decodes `whsec_` + base64 to the raw key of 24 to 64 bytes (Standard Webhooks, "Signature
/// scheme"). Error: invalid `webhook_secret`; the message never shows the secret.
base::Result<base::Secret> parse_webhook_secret(std::string_view text);

/// The text of a secret file: one secret, or two while it is being changed, one a line; empty lines
/// count for nothing. Error: as above, also for none and for more.
base::Result<std::vector<base::Secret>> parse_webhook_secrets(std::string_view text);

/// The keys that sign what an application is told, which may be replaced while others sign. Copies
/// are one: what replaces the keys of one replaces those of all. Thread-safe.
class WebhookSecrets {
 public:
  using Keys = std::vector<base::Secret>;

  explicit WebhookSecrets(Keys keys = {}) : held_(std::make_shared<Held>()) {
    replace(std::move(keys));
  }
  std::shared_ptr<const Keys> current() const { return held_->keys.load(); }
  void replace(Keys keys) { held_->keys.store(std::make_shared<const Keys>(std::move(keys))); }

 private:
  struct Held {
    std::atomic<std::shared_ptr<const Keys>> keys;
  };
  std::shared_ptr<Held> held_;
};

}  // namespace vestibule::events
