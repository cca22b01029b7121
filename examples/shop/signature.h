#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace vestibule::shop {

/// The three headers of a Standard Webhooks delivery, as they came; empty if absent.
struct WebhookHeaders {
  std::string_view id;         ///< `webhook-id`
  std::string_view timestamp;  ///< `webhook-timestamp`: seconds since 1970
  std::string_view signature;  ///< `webhook-signature`: `v1,BASE64`, several between spaces
};

/// How far the sender's clock may be from ours, either way.
inline constexpr base::Seconds webhook_tolerance{300};

/// Reads secrets from the text of a secret file: one `whsec_` + base64 of 24 to 64 bytes a line.
/// Two lines are a rotation: either is accepted. `invalid` for anything else, or for none.
base::Result<std::vector<base::Secret>> parse_webhook_secrets(std::string_view text);

/// Standard Webhooks, symmetric scheme: one of the `v1` signatures must be the HMAC-SHA-256, under
/// one of the secrets, of `id.timestamp.body`, and the timestamp within the tolerance. Compared in
/// constant time. `unauthenticated` otherwise.
base::Result<void> verify_webhook(const std::vector<base::Secret>& secrets,
                                  const WebhookHeaders& headers, std::string_view body,
                                  base::Time now);

}  // namespace vestibule::shop
