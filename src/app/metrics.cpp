#include "app/metrics.h"

#include <fmt/core.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "lifecycle/purge.h"

namespace vestibule::app {
namespace {

const prometheus::Histogram::BucketBoundaries seconds_buckets{
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

template <class Metric, class Builder>
prometheus::Family<Metric>& family(Builder builder, prometheus::Registry& registry,
                                   const char* name, const char* help) {
  return builder().Name(name).Help(help).Register(registry);
}

/// To what was counted elsewhere; two scrapes at once may count a little twice.
void raise(prometheus::Counter& counter, std::int64_t to) {
  const auto more = static_cast<double>(to) - counter.Value();
  if (more > 0) counter.Increment(more);
}

}  // namespace

struct Metrics::Families {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests = family<prometheus::Counter>(
      prometheus::BuildCounter, registry, "vestibule_http_requests_total",
      "Answered requests by site, route, method and status class");
  prometheus::Family<prometheus::Histogram>& durations = family<prometheus::Histogram>(
      prometheus::BuildHistogram, registry, "vestibule_http_request_duration_seconds",
      "Time from a request's head to its answer");
  prometheus::Family<prometheus::Gauge>& gauges = family<prometheus::Gauge>(
      prometheus::BuildGauge, registry, "vestibule_http_connections", "Open connections");
  prometheus::Gauge& connections = gauges.Add({});
  prometheus::Counter& refused =
      family<prometheus::Counter>(prometheus::BuildCounter, registry,
                                  "vestibule_http_connections_refused_total",
                                  "Connections closed because the limit was reached")
          .Add({});
  prometheus::Gauge& open_merges =
      family<prometheus::Gauge>(prometheus::BuildGauge, registry, "vestibule_merges_open",
                                "Merges that wait for an application")
          .Add({});
  prometheus::Gauge& oldest_merge =
      family<prometheus::Gauge>(prometheus::BuildGauge, registry, "vestibule_merges_oldest_seconds",
                                "Age of the oldest merge that waits; 0 without one")
          .Add({});
  prometheus::Gauge& stalled_merges =
      family<prometheus::Gauge>(prometheus::BuildGauge, registry, "vestibule_merges_stalled",
                                "Merges past their deadline that are still waited for")
          .Add({});
  const lifecycle::PurgeStatistics* purges = nullptr;
  prometheus::Gauge& last_purge =
      family<prometheus::Gauge>(prometheus::BuildGauge, registry,
                                "vestibule_purge_last_run_timestamp_seconds",
                                "When the last purge ended; 0: none since the start")
          .Add({});
  prometheus::Counter& purged =
      family<prometheus::Counter>(prometheus::BuildCounter, registry,
                                  "vestibule_purge_guests_total", "Guests that were purged")
          .Add({});
  prometheus::Counter& refused_purges =
      family<prometheus::Counter>(prometheus::BuildCounter, registry,
                                  "vestibule_purge_refused_total",
                                  "Purges refused because of the clock or the share of users")
          .Add({});
  prometheus::Family<prometheus::Gauge>& webhooks =
      family<prometheus::Gauge>(prometheus::BuildGauge, registry, "vestibule_webhooks",
                                "Events that wait for an application or are dead");
  prometheus::Family<prometheus::Gauge>& webhooks_oldest = family<prometheus::Gauge>(
      prometheus::BuildGauge, registry, "vestibule_webhooks_oldest_seconds",
      "How long the oldest event for an application has been waiting");
  prometheus::Family<prometheus::Gauge>& webhooks_circuit = family<prometheus::Gauge>(
      prometheus::BuildGauge, registry, "vestibule_webhooks_circuit_open",
      "1 while an application counts as down and is only asked now and then");
  prometheus::Family<prometheus::Counter>& logout_notices = family<prometheus::Counter>(
      prometheus::BuildCounter, registry, "vestibule_logout_notices_total",
      "Attempts to tell a client that a session has ended, by outcome");
  prometheus::Gauge& store_waiting =
      family<prometheus::Gauge>(prometheus::BuildGauge, registry, "vestibule_store_units_waiting",
                                "Units of work that wait for the writer")
          .Add({});
  prometheus::Family<prometheus::Gauge>& store_units = family<prometheus::Gauge>(
      prometheus::BuildGauge, registry, "vestibule_store_units", "Units of work by outcome");
  prometheus::Gauge& groups = family<prometheus::Gauge>(prometheus::BuildGauge, registry,
                                                        "vestibule_store_groups", "Group commits")
                                  .Add({});
  prometheus::Gauge& commit_seconds =
      family<prometheus::Gauge>(prometheus::BuildGauge, registry, "vestibule_store_commit_seconds",
                                "Time spent in durable commits")
          .Add({});
  prometheus::Gauge& cpu_waiting =
      family<prometheus::Gauge>(prometheus::BuildGauge, registry, "vestibule_cpu_pool_waiting",
                                "Slow jobs that wait for a thread")
          .Add({});
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

void Metrics::request_done(const http::RequestRecord& record) {
  const prometheus::Labels labels{{"site", std::string(record.site)},
                                  {"route", std::string(record.route)},
                                  {"method", std::string(record.method)}};
  auto counted = labels;
  counted.emplace("status", record.status == 0 ? "gone" : fmt::format("{}xx", record.status / 100));
  families_->requests.Add(counted).Increment();
  families_->durations.Add({{"route", std::string(record.route)}}, seconds_buckets)
      .Observe(std::chrono::duration<double>(record.duration).count());
}

void Metrics::connection_opened() {
  families_->connections.Increment();
}
void Metrics::connection_closed() {
  families_->connections.Decrement();
}
void Metrics::connection_refused() {
  families_->refused.Increment();
}
void Metrics::set_merges(int open, int stalled, std::chrono::milliseconds oldest) {
  families_->open_merges.Set(open);
  families_->stalled_merges.Set(stalled);
  families_->oldest_merge.Set(std::chrono::duration<double>(oldest).count());
}

void Metrics::show_purges(const lifecycle::PurgeStatistics& purges) {
  families_->purges = &purges;
}

void Metrics::set_webhooks(const WebhookFigures& figures) {
  const auto& name = figures.application;
  auto& all = *families_;
  all.webhooks.Add({{"application", name}, {"state", "waiting"}}).Set(figures.waiting);
  all.webhooks.Add({{"application", name}, {"state", "dead"}}).Set(figures.dead);
  all.webhooks_oldest.Add({{"application", name}}).Set(figures.oldest_seconds);
  all.webhooks_circuit.Add({{"application", name}}).Set(figures.circuit_open ? 1 : 0);
}

void Metrics::count_logout_notice(std::string_view outcome) {
  families_->logout_notices.Add({{"outcome", std::string(outcome)}}).Increment();
}

std::string Metrics::expose(const store::Statistics& store, std::size_t cpu_waiting) {
  auto& all = *families_;
  all.store_waiting.Set(static_cast<double>(store.waiting));
  const auto units = [&](const char* outcome, std::uint64_t count) {
    all.store_units.Add({{"outcome", outcome}}).Set(static_cast<double>(count));
  };
  units("kept", store.units_kept);
  units("rolled_back", store.units_rolled_back);
  units("failed", store.units_failed);
  units("refused", store.units_refused);
  all.groups.Set(static_cast<double>(store.group_size.count));
  all.commit_seconds.Set(static_cast<double>(store.commit_microseconds.sum) / 1e6);
  all.cpu_waiting.Set(static_cast<double>(cpu_waiting));
  if (all.purges != nullptr) {
    all.last_purge.Set(static_cast<double>(all.purges->last_run.load()) / 1e3);
    raise(all.purged, all.purges->purged);
    raise(all.refused_purges, all.purges->refused);
  }
  return prometheus::TextSerializer{}.Serialize(all.registry.Collect());
}

}  // namespace vestibule::app
