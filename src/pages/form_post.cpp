#include "pages/form_post.h"

#include <fmt/core.h>

#include "base/crypto.h"
#include "base/encoding.h"
#include "pages/page.h"

namespace vestibule::pages {
namespace {

// Stands in the page byte for byte, since its hash is what the policy allows.
constexpr std::string_view script =
    R"(window.addEventListener("load", function () { document.getElementById("form-post").submit(); });)";

}  // namespace

http::Response form_post(std::string_view action,
                         const std::vector<std::pair<std::string, std::string>>& fields,
                         std::string_view style_path) {
  std::vector<View> inputs;
  for (const auto& [name, value] : fields) {
    inputs.push_back(View{}.set("name", name).set("value", value));
  }
  View view;
  view.set("action", action).list("fields", inputs).set("script", script);
  auto response =
      page(200, "form_post", "Going back to the application", view, style_path, any_target);
  const auto policy = response.headers.find("Content-Security-Policy").value_or("");
  response.headers.set(
      "Content-Security-Policy",
      fmt::format("{}; script-src 'sha256-{}'", policy, base::to_base64(base::sha256(script))));
  return response;
}

}  // namespace vestibule::pages
