#include "pages/signed_out.h"

#include <fmt/core.h>

#include <set>

#include "base/crypto.h"
#include "base/encoding.h"
#include "pages/page.h"

namespace vestibule::pages {
namespace {

// Stands in the page byte for byte, since its hash is what the policy allows. The load event comes
// after those of the frames; a frame that hangs does not hold the person for longer than this.
// Where scripts do not run, the template's `refresh` goes on instead. It is no Refresh field: that
// would be obeyed beside the script, and lead a slow browser to the client twice.
constexpr std::string_view script =
    R"((function () { var left = false; function leave() { if (!left) { left = true; )"
    R"(location.replace(document.getElementById("logout-continue").href); } } )"
    R"(window.addEventListener("load", leave); setTimeout(leave, 3000); })();)";

std::string origin_of(const std::string& url) {
  return url.substr(0, url.find_first_of("/?#", url.find("://") + 3));
}

}  // namespace

http::Response signed_out(const std::vector<std::string>& frames, std::string_view location,
                          Leave leave, std::string_view style_path) {
  std::vector<View> views;
  std::set<std::string> origins;
  for (const auto& url : frames) {
    views.push_back(View{}.set("url", url));
    origins.insert(origin_of(url));
  }
  View view;
  view.list("frames", views).set("location", location);
  if (leave == Leave::at_once) view.set("script", script);
  auto response = page(200, "signed_out", "Signed out", view, style_path);
  std::string policy(response.headers.find("Content-Security-Policy").value_or(""));
  policy += "; frame-src";
  for (const auto& origin : origins) policy += " " + origin;
  if (leave == Leave::at_once) {
    policy += fmt::format("; script-src 'sha256-{}'", base::to_base64(base::sha256(script)));
  }
  response.headers.set("Content-Security-Policy", std::move(policy));
  return response;
}

}  // namespace vestibule::pages
