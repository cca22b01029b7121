#include "web/sign_in_guard.h"

#include <algorithm>
#include <utility>

#include "base/crypto.h"
#include "base/text.h"

namespace vestibule::web {
namespace {

http::Rate hourly(std::uint32_t count) {
  const auto some = std::max(count, 1U);
  return {some, std::chrono::hours(1), some};
}

/// Fixed in size, however long the name is.
std::string key_of(std::string_view name) {
  return base::sha256(base::to_lower_ascii(base::trim(name))).substr(0, 16);
}

}  // namespace

SignInGuard::SignInGuard(std::uint32_t failures_per_hour)
    : devices_(hourly(failures_per_hour / 3)),
      pairs_(hourly(failures_per_hour / 3)),
      accounts_(hourly(failures_per_hour)) {}

SignInGuard::Attempt SignInGuard::begin(std::string_view name, std::optional<base::UserId> user,
                                        const std::optional<KnownDevice>& device,
                                        const http::IpAddress& client, base::Time now) {
  Attempt attempt;
  if (device && user && device->knows(*user)) {
    auto key = device->id + base::to_string(*user);
    if (devices_.check(key, now).allowed) {
      attempt.device = std::move(key);
      return attempt;
    }
  }
  auto account = key_of(name);
  auto pair = account + http::address_key(client);
  attempt.verdict = pairs_.check(pair, now);
  if (!attempt.verdict.allowed) return attempt;
  attempt.verdict = accounts_.check(account, now);
  if (!attempt.verdict.allowed) {
    // Nothing was looked at, so nothing has failed.
    pairs_.give_back(pair, now);
    return attempt;
  }
  attempt.pair = std::move(pair);
  attempt.account = std::move(account);
  return attempt;
}

void SignInGuard::succeed(const Attempt& attempt, base::Time now) {
  if (!attempt.device.empty()) devices_.give_back(attempt.device, now);
  if (!attempt.pair.empty()) pairs_.give_back(attempt.pair, now);
  if (!attempt.account.empty()) accounts_.give_back(attempt.account, now);
}

}  // namespace vestibule::web
