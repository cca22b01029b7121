#include "keys/rotation.h"

namespace vestibule::keys {

base::Result<void> RotationPolicy::check() const {
  const auto refuse = [](std::string_view field, std::string message) {
    return base::fail(base::ErrorKind::invalid, "rotation_policy", std::move(message),
                      std::string(field));
  };
  if (publish_ahead <= jwks_max_age) {
    return refuse("publish_ahead",
                  "publish_ahead must exceed the 300 s for which others may keep "
                  "the published keys");
  }
  if (rotate_every < publish_ahead) {
    return refuse("rotate_every", "rotate_every must not be below publish_ahead");
  }
  if (longest_token <= base::Seconds::zero()) {
    return refuse("longest_token", "longest_token must be positive");
  }
  if (skew < base::Seconds::zero()) return refuse("skew", "skew must not be negative");
  return {};
}

}  // namespace vestibule::keys
