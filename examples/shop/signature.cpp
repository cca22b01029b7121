#include "signature.h"

#include <fmt/format.h>

#include <chrono>

#include "base/crypto.h"
#include "base/encoding.h"
#include "base/ids.h"
#include "base/text.h"

namespace vestibule::shop {
namespace {

std::unexpected<base::Error> refuse(std::string_view reason, std::string message) {
  return base::fail(base::ErrorKind::unauthenticated, reason, std::move(message));
}

/// Calls `use` with each part of `text` between separators.
template <class Use>
void for_each_part(std::string_view text, char separator, Use use) {
  while (true) {
    const auto end = text.find(separator);
    use(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

base::Result<std::vector<base::Secret>> parse_webhook_secrets(std::string_view text) {
  constexpr std::string_view prefix = "whsec_";
  std::vector<base::Secret> secrets;
  bool well_formed = true;
  for_each_part(text, '\n', [&](std::string_view part) {
    auto line = base::trim(part);
    if (line.empty()) return;
    if (line.starts_with(prefix)) line.remove_prefix(prefix.size());
    auto key = base::from_base64(line);
    if (key && key->size() >= 24 && key->size() <= 64)
      secrets.emplace_back(std::move(*key));
    else
      well_formed = false;
  });
  if (!well_formed || secrets.empty())
    return base::fail(base::ErrorKind::invalid, "bad_webhook_secret",
                      "a webhook secret is `whsec_` and the base64 of 24 to 64 bytes, one a line");
  return secrets;
}

base::Result<void> verify_webhook(const std::vector<base::Secret>& secrets,
                                  const WebhookHeaders& headers, std::string_view body,
                                  base::Time now) {
  if (headers.id.empty() || headers.timestamp.empty() || headers.signature.empty())
    return refuse("webhook_headers", "a webhook header is missing");
  const auto seconds = base::from_decimal(headers.timestamp);
  if (!seconds) return refuse("webhook_timestamp", "the timestamp is not a number");
  const auto age = base::to_seconds(now) - *seconds;
  if (age > webhook_tolerance.count() || age < -webhook_tolerance.count())
    return refuse("webhook_timestamp", "the timestamp is more than five minutes off");

  const auto signed_text = fmt::format("{}.{}.{}", headers.id, headers.timestamp, body);
  bool genuine = false;
  for (const auto& secret : secrets) {
    const auto expected = base::hmac_sha256(secret, signed_text);
    for_each_part(headers.signature, ' ', [&](std::string_view part) {
      if (!part.starts_with("v1,")) return;
      const auto given = base::from_base64(part.substr(3));
      if (given && base::equal_in_constant_time(*given, expected)) genuine = true;
    });
  }
  if (!genuine) return refuse("webhook_signature", "no signature fits");
  return {};
}

}  // namespace vestibule::shop
