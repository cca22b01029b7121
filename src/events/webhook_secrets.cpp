#include "events/webhook_secrets.h"

#include "base/encoding.h"
#include "base/text.h"

namespace vestibule::events {
namespace {

std::unexpected<base::Error> refuse(const char* why) {
  return base::fail(base::ErrorKind::invalid, "webhook_secret", why);
}

}  // namespace

base::Result<base::Secret> parse_webhook_secret(std::string_view text) {
  constexpr std::string_view prefix = "whsec_";
  if (text.starts_with(prefix)) {
    auto key = base::from_base64(text.substr(prefix.size()));
    if (key && key->size() >= 24 && key->size() <= 64) return base::Secret(*std::move(key));
  }
  return refuse("a webhook secret is whsec_ and the base64 of 24 to 64 bytes");
}

base::Result<std::vector<base::Secret>> parse_webhook_secrets(std::string_view text) {
  std::vector<base::Secret> keys;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = base::trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty()) continue;
    auto key = parse_webhook_secret(line);
    if (!key) return std::unexpected(key.error());
    keys.push_back(*std::move(key));
  }
  if (keys.empty()) return refuse("there is no webhook secret");
  if (keys.size() > 2) return refuse("there are more than two webhook secrets");
  return keys;
}

}  // namespace vestibule::events
