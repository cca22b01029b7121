#include "gateway/pages.h"

#include "pages/page.h"

namespace vestibule::gateway {

namespace {

constexpr std::string_view style_path = "/guest/v1/style.css";

std::string with_own(std::string_view form_targets) {
  return std::string(pages::own_target) + " " + std::string(form_targets);
}

}  // namespace

void add_asset_routes(http::Router& router) {
  router.add("GET", std::string(style_path),
             [](http::Request&) -> boost::asio::awaitable<http::Response> {
               co_return pages::style_sheet();
             });
  for (const std::string name : {"proof-of-work.js", "work-page.js"}) {
    router.add("GET", "/guest/v1/" + name,
               [name](http::Request&) -> boost::asio::awaitable<http::Response> {
                 co_return pages::script_file(name);
               });
  }
}

http::Response continue_to_sign_in_page(std::string_view return_to, std::string_view form_targets) {
  pages::View view;
  view.set("return_to", return_to);
  return pages::page(200, "continue", "Sign in", view, style_path, with_own(form_targets));
}

http::Response choice_page() {
  return pages::page(200, "choice", "You are signed in", {}, style_path);
}

http::Response proof_page(std::string_view address, std::string_view link,
                          std::string_view form_targets) {
  pages::View view;
  view.set("address", address).set("token", link).set("action", "/guest/v1/proof");
  return pages::page(200, "proof", "Confirm your address", view, style_path,
                     with_own(form_targets));
}

http::Response work_page(const WorkChallenge& work, AfterWork next,
                         const std::vector<std::pair<std::string, std::string>>& fields) {
  std::vector<pages::View> inputs;
  for (const auto& [name, value] : fields) {
    inputs.push_back(pages::View{}.set("name", name).set("value", value));
  }
  pages::View view;
  view.set("challenge", work.text).set("bits", std::to_string(work.bits)).list("fields", inputs);
  view.set("next", next == AfterWork::reload ? "reload" : "back");
  if (next == AfterWork::send_form) view.flag("sends_form");
  // Where the application's own form may lead is the application's to say.
  auto page = pages::page(403, "work", "One moment", view, style_path, pages::any_target);
  const auto policy = page.headers.find("Content-Security-Policy").value_or("");
  page.headers.set("Content-Security-Policy",
                   std::string(policy) + "; script-src 'self'; connect-src 'self'");
  return page;
}

http::Response notice_page(int status, std::string_view title, std::string_view text,
                           std::string_view link, const FieldErrors& fields) {
  std::vector<pages::View> complaints;
  for (const auto& [field, reason] : fields) {
    complaints.push_back(pages::View{}.set("field", field).set("reason", reason));
  }
  pages::View view;
  view.set("text", text).set("link", link).list("fields", complaints);
  if (!fields.empty()) view.flag("has_fields");
  return pages::page(status, "notice", title, view, style_path);
}

}  // namespace vestibule::gateway
