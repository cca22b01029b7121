#include "gateway/guest_gate.h"

#include <spdlog/spdlog.h>

namespace vestibule::gateway {

namespace {

constexpr std::string_view everybody = "everybody";

GuestGate::Verdict rate_limited(const http::RateVerdict& verdict) {
  return {GuestGate::Answer::rate_limited, verdict.retry_after_seconds()};
}

}  // namespace

GuestGate::GuestGate(Limits limits)
    : policy_(limits.policy), per_address_(limits.per_address), in_all_(limits.in_all) {}

bool GuestGate::work_is_due(base::Time now) const {
  return policy_ == WorkPolicy::always ||
         (policy_ == WorkPolicy::pressure && !in_all_.look(everybody, now).allowed);
}

GuestGate::Verdict GuestGate::enter(const http::IpAddress& client, Worked worked, base::Time now) {
  if (worked == Worked::no) {
    // Before the address is asked, so that asking for work costs it nothing.
    if (policy_ == WorkPolicy::always) return {Answer::work_due, 0};
    if (const auto all = in_all_.look(everybody, now); !all.allowed) return refuse(all, now);
  }
  if (const auto own = per_address_.check(client, now); !own.allowed) return rate_limited(own);
  if (worked == Worked::yes) return {};
  const auto all = in_all_.check(everybody, now);
  return all.allowed ? Verdict{} : refuse(all, now);
}

GuestGate::Verdict GuestGate::refuse(const http::RateVerdict& all, base::Time now) {
  constexpr std::int64_t silence = 60;
  const auto second = base::to_seconds(now);
  auto told = told_at_.load();
  if (second - told >= silence && told_at_.compare_exchange_strong(told, second))
    spdlog::warn("more guests are made than limits.guests_in_all_per_minute");
  return policy_ == WorkPolicy::off ? rate_limited(all) : Verdict{Answer::work_due, 0};
}

}  // namespace vestibule::gateway
