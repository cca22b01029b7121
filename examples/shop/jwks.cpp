#include "jwks.h"

#include <curl/curl.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace vestibule::shop {

Jwks::Jwks(std::string url, Fetch fetch, const base::Clock& clock)
    : url_(std::move(url)), fetch_(std::move(fetch)), clock_(clock) {}

Jwks::Fetched Jwks::current() {
  std::lock_guard lock(mutex_);
  return fetched_;
}

void Jwks::refresh() {
  std::lock_guard lock(fetching_);
  const auto now = clock_.now();
  if (attempted_at_ && now >= *attempted_at_ && now - *attempted_at_ < refetch_at_most_every)
    return;
  attempted_at_ = now;
  auto body = fetch_(url_);
  if (!body) {
    spdlog::warn("keys of {}: {}", url_, body.error().message);
    return;
  }
  auto keys = jose::KeySet::from_json(*body);
  if (!keys) {
    spdlog::warn("keys of {}: {}", url_, keys.error().message);
    return;
  }
  std::lock_guard guard(mutex_);
  fetched_ = {std::make_shared<const jose::KeySet>(std::move(*keys)), now};
}

std::shared_ptr<const jose::KeySet> Jwks::keys_for(std::string_view kid) {
  auto known = current();
  const auto is_stale = [&] { return clock_.now() - known.at >= refetch_after; };
  if (!known.keys || is_stale() || !known.keys->find(kid)) {
    refresh();
    known = current();
  }
  if (known.keys && clock_.now() - known.at >= discard_after) return nullptr;
  return known.keys;
}

namespace {

constexpr std::size_t max_body = 256 * 1024;

std::size_t append(char* data, std::size_t size, std::size_t count, void* into) {
  auto& body = *static_cast<std::string*>(into);
  const std::size_t bytes = size * count;
  if (body.size() + bytes > max_body) return 0;
  body.append(data, bytes);
  return bytes;
}

}  // namespace

Fetch http_fetch() {
  return [](const std::string& url) -> base::Result<std::string> {
    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                   &curl_easy_cleanup);
    if (!curl) return base::fail(base::ErrorKind::unavailable, "fetch_failed", "curl_easy_init");
    std::string body;
    curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl.get(), CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
    curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, 3000L);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &append);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &body);
    const CURLcode done = curl_easy_perform(curl.get());
    if (done != CURLE_OK)
      return base::fail(base::ErrorKind::unavailable, "fetch_failed", curl_easy_strerror(done));
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
      return base::fail(base::ErrorKind::unavailable, "fetch_failed",
                        "answered " + std::to_string(status));
    return body;
  };
}

}  // namespace vestibule::shop
