#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/secret.h"
#include "http/outgoing.h"

namespace vestibule::events {

/// Decodes `whsec_` + base64 to the raw key of 24 to 64 bytes (Standard Webhooks, "Signature
/// scheme"). Error: invalid `webhook_secret`; the message never shows the secret.
base::Result<base::Secret> parse_webhook_secret(std::string_view text);

/// `webhook-id` of an outbox row: the same at every attempt, so that receivers can tell repeats.
std::string webhook_id(base::EventId row);

/// `webhook-signature`: `v1,` + base64 of HMAC-SHA-256 over `id.timestamp.body`; `timestamp` is in
/// seconds since 1970, as in the `webhook-timestamp` header.
std::string sign_webhook(const base::Secret& key, std::string_view id, std::int64_t timestamp,
                         std::string_view body);

/// The signed POST of one attempt.
http::OutgoingRequest make_webhook(std::string_view url, const base::Secret& key, base::EventId row,
                                   std::string_view body, base::Time now);

/// Did the receiver take it? `failure` is a short text for operators if not. A delivered
/// guest.merge_requested is one that was acknowledged (design.md section 4, "Acknowledgement"):
/// exactly 200, and JSON whose `merge_id` is the event's own; `merge` is set then.
struct Verdict {
  bool delivered = false;
  std::string failure = {};
  std::optional<base::MergeId> merge = {};
};
Verdict judge(std::string_view type, std::string_view payload,
              const std::expected<http::OutgoingResponse, http::OutgoingError>& answer);

}  // namespace vestibule::events
