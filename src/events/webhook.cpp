#include "events/webhook.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "base/crypto.h"
#include "base/encoding.h"
#include "events/outbox.h"

namespace vestibule::events {
namespace {

std::optional<std::string> string_member(const boost::json::value& value, std::string_view name) {
  const auto* object = value.if_object();
  const auto* member = object ? object->if_contains(name) : nullptr;
  const auto* text = member ? member->if_string() : nullptr;
  if (!text) return std::nullopt;
  return std::string(*text);
}

std::optional<std::string> requested_merge(std::string_view payload) {
  const auto event = boost::json::parse(payload);
  return string_member(event.at("data"), "merge_id");
}

std::optional<std::string> echoed_merge(std::string_view body) {
  boost::system::error_code error;
  const auto answer = boost::json::parse(body, error);
  return error ? std::nullopt : string_member(answer, "merge_id");
}

}  // namespace

std::string webhook_id(base::EventId row) {
  return "evt_" + base::to_string(row);
}

std::string sign_webhook(const base::Secret& key, std::string_view id, std::int64_t timestamp,
                         std::string_view body) {
  const auto content = fmt::format("{}.{}.{}", id, timestamp, body);
  return "v1," + base::to_base64(base::hmac_sha256(key, content));
}

http::OutgoingRequest make_webhook(std::string_view url, const std::vector<base::Secret>& keys,
                                   base::EventId row, std::string_view body, base::Time now) {
  const auto id = webhook_id(row);
  const auto timestamp = base::to_seconds(now);
  http::OutgoingRequest request{
      .method = "POST", .url = std::string(url), .headers = {}, .body = std::string(body)};
  request.headers.add("Content-Type", "application/json");
  request.headers.add("webhook-id", id);
  request.headers.add("webhook-timestamp", std::to_string(timestamp));
  std::string signatures;
  for (const auto& key : keys) {
    signatures += (signatures.empty() ? "" : " ") + sign_webhook(key, id, timestamp, body);
  }
  request.headers.add("webhook-signature", std::move(signatures));
  return request;
}

Verdict judge(std::string_view type, std::string_view payload,
              const std::expected<http::OutgoingResponse, http::OutgoingError>& answer) {
  if (!answer) {
    const auto& error = answer.error();
    return {.failure = fmt::format("{}: {}", http::to_string(error.kind), error.detail)};
  }
  const bool arrived = answer->status >= 200 && answer->status < 300;
  if (!arrived) return {.failure = fmt::format("status {}", answer->status)};
  if (type != guest_merge_requested) return {.answer = Answer::delivered};
  const auto wanted = requested_merge(payload);
  const auto merge = wanted ? base::parse_id<base::MergeId>(*wanted) : std::nullopt;
  if (!merge) return {.failure = "the event names no merge"};
  if (answer->status != 200) {
    return {.answer = Answer::delivered,
            .failure = fmt::format("status {}, an acknowledgement is 200", answer->status),
            .merge = merge};
  }
  if (echoed_merge(answer->body) != wanted) {
    return {.answer = Answer::delivered, .failure = "200 without the merge_id", .merge = merge};
  }
  return {.answer = Answer::acknowledged, .merge = merge};
}

}  // namespace vestibule::events
