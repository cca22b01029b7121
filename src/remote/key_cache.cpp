#include "remote/key_cache.h"

#include <utility>

#include "remote/answers.h"

namespace vestibule::remote {

KeyCache::KeyCache(std::string url, const http::OutgoingClient& client, const base::Clock& clock,
                   Limits limits)
    : url_(std::move(url)), client_(client), clock_(clock), limits_(limits) {}

Called<KeyCache::Keys> KeyCache::load(std::string_view key_id) {
  return fetches_.run([&] { return known(key_id); }, [this] { return fetch(); },
                      [this](Called<Keys>& fetched) { keep(fetched); });
}

std::optional<Called<KeyCache::Keys>> KeyCache::known(std::string_view key_id) const {
  const auto now = clock_.now();
  const bool has_key = keys_ && (key_id.empty() || keys_->find(key_id) != nullptr);
  if (has_key && now < fetched_at_ + limits_.fresh) return keys_;
  // A clock that was set back must not keep us from fetching.
  if (tried_at_ && *tried_at_ <= now && now < *tried_at_ + limits_.pause) return outcome_;
  return std::nullopt;
}

void KeyCache::keep(Called<Keys>& fetched) {
  const auto now = clock_.now();
  tried_at_ = now;
  if (fetched) {
    keys_ = *fetched;
    fetched_at_ = now;
  } else if (keys_ && now < fetched_at_ + limits_.stale) {
    fetched = keys_;
  }
  outcome_ = fetched;
}

Called<KeyCache::Keys> KeyCache::fetch() const {
  const Question question{.call = "keys"};
  http::OutgoingRequest request{.method = "GET", .url = url_, .headers = {}, .body = {}};
  request.headers.add("Accept", "application/jwk-set+json, application/json");
  const auto answer = ask(client_, question, request);
  if (!answer) return std::unexpected(answer.error().error);
  auto keys = jose::KeySet::from_json(answer->body);
  if (!keys) return std::unexpected(malformed(question, answer->status));
  return std::make_shared<const jose::KeySet>(std::move(*keys));
}

}  // namespace vestibule::remote
