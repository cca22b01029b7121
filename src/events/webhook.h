#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/secret.h"
#include "http/outgoing.h"

namespace vestibule::events {

/// `webhook-id` of an outbox row: the same at every attempt, so that receivers can tell repeats.
std::string webhook_id(base::EventId row);

/// `webhook-signature`: `v1,` + base64 of HMAC-SHA-256 over `id.timestamp.body`; `timestamp` is in
/// seconds since 1970, as in the `webhook-timestamp` header.
std::string sign_webhook(const base::Secret& key, std::string_view id, std::int64_t timestamp,
                         std::string_view body);

/// The signed POST of one attempt. Each key signs, so that a receiver that knows any of them takes
/// it: `webhook-signature: v1,A v1,B` (Standard Webhooks, "Multiple signatures").
http::OutgoingRequest make_webhook(std::string_view url, const std::vector<base::Secret>& keys,
                                   base::EventId row, std::string_view body, base::Time now);

/// What an answer says.
enum class Answer {
  acknowledged,  ///< a merge was taken over (design.md section 4, "Acknowledgement"): exactly 200,
                 ///< and JSON whose `merge_id` is the event's own
  delivered,     ///< 2xx; of a merge request: it has arrived, but is not acknowledged yet
  failed
};

struct Verdict {
  Answer answer = Answer::failed;
  std::string failure = {};                 ///< what is missing, for operators
  std::optional<base::MergeId> merge = {};  ///< of a merge request that was not failed
  /// The event needs no other attempt.
  bool is_done() const {
    return answer == Answer::acknowledged || (answer == Answer::delivered && !merge);
  }
};
Verdict judge(std::string_view type, std::string_view payload,
              const std::expected<http::OutgoingResponse, http::OutgoingError>& answer);

}  // namespace vestibule::events
