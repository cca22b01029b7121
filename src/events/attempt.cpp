#include "events/attempt.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>

#include "events/webhook.h"

namespace vestibule::events {
namespace {

using Outcome = AttemptReport::Outcome;

/// Tells whoever looks on, and the log if it went wrong.
void report(const AttemptContext& context, const Delivery& delivery, Outcome outcome,
            const std::string& why, base::Milliseconds took) {
  if (auto* const monitor = context.options.monitor) {
    monitor->publish({.at = context.clock.now(),
                      .id = delivery.id,
                      .application = delivery.application,
                      .type = delivery.type,
                      .payload = delivery.payload,
                      .attempt = delivery.attempts + 1,
                      .outcome = outcome,
                      .detail = why,
                      .took = took});
  }
  if (why.empty()) return;
  const bool dead = outcome == Outcome::dead;
  spdlog::log(dead ? spdlog::level::err : spdlog::level::warn,
              "webhook {} {} to {}: attempt {} failed{}: {}", webhook_id(delivery.id),
              delivery.type, delivery.application, delivery.attempts + 1,
              dead ? " and is the last" : "", why);
}

/// The row first: what acknowledges a merge withdraws the requests that still wait for it.
void commit_done(const AttemptContext& context, const Delivery& delivery, const Verdict& verdict,
                 base::Time now) {
  context.store.write([&](store::Transaction& tx) {
    note_delivered(tx, delivery, context.options.delivered_rows, now);
    if (verdict.merge) context.on_acknowledged(tx, *verdict.merge, delivery.application, now);
  });
}

/// A merge request that has arrived unacknowledged is told, too: the merge is a step further.
DeliveryState commit_not_done(const AttemptContext& context, const Delivery& delivery,
                              const Verdict& verdict, base::Time now) {
  return context.store.write([&](store::Transaction& tx) {
    if (verdict.merge && verdict.answer == Answer::delivered && context.options.on_delivered)
      context.options.on_delivered(tx, *verdict.merge, delivery.application, now);
    return note_failure(tx, delivery, verdict.failure, context.options.retry, context.random, now);
  });
}

}  // namespace

Attempted attempt(const AttemptContext& context, const Application& application,
                  const Delivery& delivery) {
  const auto begun = std::chrono::steady_clock::now();
  const auto request = make_webhook(application.webhook_url, *application.webhook_secrets.current(),
                                    delivery.id, delivery.payload, context.clock.now());
  auto verdict = judge(delivery.type, delivery.payload, context.sender(application, request));
  const auto took =
      std::chrono::duration_cast<base::Milliseconds>(std::chrono::steady_clock::now() - begun);
  const auto now = context.clock.now();
  const bool answered = verdict.answer != Answer::failed;
  if (verdict.is_done()) {
    try {
      commit_done(context, delivery, verdict, now);
      report(context, delivery, verdict.merge ? Outcome::acknowledged : Outcome::delivered, {},
             took);
      return {.done = true, .answered = true};
    } catch (const store::Unavailable&) {
      throw;
    } catch (const std::exception& error) {
      // A bug of ours, which must not make us call the application again and again at once.
      verdict.answer = Answer::failed;
      verdict.failure = fmt::format("taken, but that could not be recorded: {}", error.what());
    }
  }
  const auto state = commit_not_done(context, delivery, verdict, now);
  const auto outcome = state == DeliveryState::dead          ? Outcome::dead
                       : verdict.answer == Answer::delivered ? Outcome::delivered
                                                             : Outcome::failed;
  report(context, delivery, outcome, verdict.failure, took);
  return {.done = false, .answered = answered};
}

}  // namespace vestibule::events
