#include "webhook.h"

#include <spdlog/spdlog.h>

#include <boost/json.hpp>
#include <optional>
#include <utility>

#include "merging.h"

namespace vestibule::shop {
namespace {

namespace json = boost::json;

constexpr base::Seconds remember_deliveries_for{30 * 86'400};

WebhookAnswer refusal(int status, std::string_view reason, std::string_view message) {
  return {status, json::serialize(json::object{{"error", reason}, {"message", message}})};
}

WebhookAnswer refusal(int status, const base::Error& error) {
  return refusal(status, error.reason, error.message);
}

std::string text_member(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

struct Event {
  std::string type;
  json::object data;
};

std::optional<Event> parse_event(std::string_view body) {
  boost::system::error_code error;
  auto value = json::parse(body, error);
  if (error || !value.is_object()) return std::nullopt;
  Event event{text_member(value.get_object(), "type"), {}};
  auto* data = value.get_object().if_contains("data");
  if (event.type.empty() || !data || !data->is_object()) return std::nullopt;
  event.data = std::move(data->get_object());
  return event;
}

/// Does what the event asks for, inside the transaction.
WebhookAnswer apply(Transaction& transaction, const Event& event, MergeRule cart_rule,
                    base::Time now) {
  if (event.type == "guest.merge_requested") {
    const auto id = text_member(event.data, "merge_id");
    const auto source = text_member(event.data, "source_sub");
    const auto target = text_member(event.data, "target_sub");
    if (id.empty() || source.empty() || target.empty())
      return refusal(400, "bad_event", "merge_id, source_sub and target_sub are required");
    if (auto taken = take_over(transaction, {id, source, target}, cart_rule, now); !taken)
      return refusal(taken.error().kind == base::ErrorKind::invalid ? 400 : 409, taken.error());
    return {200, json::serialize(json::object{{"merge_id", id}})};
  }
  if (event.type == "guest.purged" || event.type == "user.deleted") {
    const auto sub = text_member(event.data, "sub");
    if (sub.empty()) return refusal(400, "bad_event", "sub is required");
    drop(transaction, sub, now);
  }
  // guest.provisioned, guest.upgraded, guest.merged and whatever a later version tells: a `sub`
  // stays what it is in all of them, so there is nothing to do.
  return {200, "{}"};
}

}  // namespace

WebhookReceiver::WebhookReceiver(Store& store, Options options, const base::Clock& clock)
    : store_(store), options_(std::move(options)), clock_(clock) {}

WebhookAnswer WebhookReceiver::receive(const WebhookHeaders& headers, std::string_view body) {
  const auto now = clock_.now();
  if (auto genuine = verify_webhook(options_.secrets, headers, body, now); !genuine) {
    spdlog::warn("webhook refused: {}", genuine.error().message);
    return refusal(401, genuine.error());
  }
  std::error_code ignored;
  if (!options_.maintenance_file.empty() &&
      std::filesystem::exists(options_.maintenance_file, ignored))
    return refusal(503, "maintenance", "the shop takes no changes just now");
  const auto event = parse_event(body);
  if (!event) return refusal(400, "bad_event", "not an event: {\"type\":…,\"data\":{…}}");

  auto transaction = store_.write();
  if (auto before =
          transaction.find_text("select answer from webhooks where id = ?1", {headers.id}))
    return {200, std::move(*before)};
  auto answer = apply(transaction, *event, options_.cart_rule, now);
  if (answer.status != 200) {
    spdlog::warn("webhook {} {}: answered {} {}", headers.id, event->type, answer.status,
                 answer.body);
    return answer;
  }
  transaction.run("insert into webhooks (id, answer, received_at) values (?1, ?2, ?3)",
                  {headers.id, answer.body, base::to_milliseconds(now)});
  transaction.run("delete from webhooks where received_at < ?1",
                  {base::to_milliseconds(now - remember_deliveries_for)});
  transaction.commit();
  spdlog::info("webhook {} {}: taken", headers.id, event->type);
  return answer;
}

}  // namespace vestibule::shop
