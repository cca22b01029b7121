#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "assets.h"
#include "base/crypto.h"
#include "base/encoding.h"
#include "pages.h"

namespace vestibule::shop {
namespace {

std::string_view content_type(std::string_view path) {
  if (path.ends_with(".css")) return "text/css; charset=utf-8";
  if (path.ends_with(".js")) return "text/javascript; charset=utf-8";
  return "image/svg+xml";
}

struct Tagged {
  Asset asset;
  std::string etag;
};

const std::vector<Tagged>& tagged_assets() {
  static const auto tagged = [] {
    std::vector<Tagged> all;
    for (const auto& asset : all_assets())
      all.push_back(
          {asset, fmt::format("\"{}\"", base::to_hex(base::sha256(asset.content)).substr(0, 20))});
    return all;
  }();
  return tagged;
}

}  // namespace

http::Response static_file(Shop&, const http::Request& request) {
  const auto path = "static/" + request.parameter("*");
  const auto& assets = tagged_assets();
  const auto found = std::ranges::find(assets, path, [](const Tagged& t) { return t.asset.path; });
  if (found == assets.end()) return http::Response::text(404, "Not found\n");
  http::Response response;
  if (request.header("If-None-Match") == found->etag) {
    response.status = 304;
  } else {
    response.body = found->asset.content;
    response.with_header("Content-Type", std::string(content_type(path)));
  }
  response.with_header("ETag", found->etag);
  response.with_header("Cache-Control", "public, max-age=60");
  response.with_header("X-Content-Type-Options", "nosniff");
  return response;
}

}  // namespace vestibule::shop
