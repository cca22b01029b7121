#include "events/attempt.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "events/webhook.h"

namespace vestibule::events {

bool attempt(const AttemptContext& context, const Application& application,
             const Delivery& delivery) {
  const auto request = make_webhook(application.webhook_url, application.webhook_secret,
                                    delivery.id, delivery.payload, context.clock.now());
  auto verdict = judge(delivery.type, delivery.payload, context.sender(application, request));
  const auto now = context.clock.now();
  if (verdict.delivered) {
    try {
      context.store.write([&](store::Transaction& tx) {
        if (verdict.merge) context.on_acknowledged(tx, *verdict.merge, application.name, now);
        delete_delivery(tx, delivery.id);
      });
      return true;
    } catch (const store::Unavailable&) {
      throw;
    } catch (const std::exception& error) {
      // A bug of ours, which must not make us call the application again and again at once.
      verdict.failure = fmt::format("taken, but that could not be recorded: {}", error.what());
    }
  }
  const auto state = context.store.write([&](store::Transaction& tx) {
    return note_failure(tx, delivery, verdict.failure, context.retry, context.random, now);
  });
  const auto level = state == DeliveryState::dead ? spdlog::level::err : spdlog::level::warn;
  spdlog::log(level, "webhook {} {} to {}: attempt {} failed{}: {}", webhook_id(delivery.id),
              delivery.type, application.name, delivery.attempts + 1,
              state == DeliveryState::dead ? " and is the last" : "", verdict.failure);
  return false;
}

}  // namespace vestibule::events
