#include "gateway/guest_gate.h"

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
  // Before the address is asked, so that asking for work costs it nothing.
  if (worked == Worked::no && work_is_due(now)) return {Answer::work_due, 0};
  if (worked == Worked::no && policy_ == WorkPolicy::off) {
    if (const auto all = in_all_.look(everybody, now); !all.allowed) return rate_limited(all);
  }
  if (const auto own = per_address_.check(client, now); !own.allowed) return rate_limited(own);
  if (worked == Worked::yes) return {};
  const auto all = in_all_.check(everybody, now);
  if (all.allowed) return {};
  // Others came in between.
  return policy_ == WorkPolicy::off ? rate_limited(all) : Verdict{Answer::work_due, 0};
}

}  // namespace vestibule::gateway
