#include "gateway/pages.h"

namespace vestibule::gateway {

namespace {

constexpr std::string_view style = R"(:root{color-scheme:light dark}
body{font:1.05rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.25rem}
h1{font-size:1.5rem}button,a.button{font:inherit;display:block;width:100%;box-sizing:border-box;
text-align:left;padding:.8rem 1rem;margin:.6rem 0;border:1px solid;border-radius:.6rem;
background:transparent;color:inherit;cursor:pointer;text-decoration:none}
button strong{display:block}button:focus-visible,a:focus-visible{outline:3px solid #4a7dff;
outline-offset:2px})";

http::Response page(int status, std::string_view title, std::string_view body,
                    std::string_view form_targets) {
  std::string html = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">";
  html += "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>";
  html += escape_html(title);
  html += "</title><style>";
  html += style;
  html += "</style></head><body><main><h1>";
  html += escape_html(title);
  html += "</h1>";
  html += body;
  html += "</main></body></html>\n";
  std::string policy =
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; "
      "form-action 'self'";
  if (!form_targets.empty()) policy += " " + std::string(form_targets);
  return http::Response::html(status, std::move(html))
      .with_header("Cache-Control", "private, no-store")
      .with_header("Content-Security-Policy", std::move(policy))
      .with_header("Referrer-Policy", "same-origin")
      .with_header("X-Content-Type-Options", "nosniff");
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

http::Response continue_to_sign_in_page(std::string_view return_to, std::string_view form_targets) {
  std::string body = "<form method=\"post\" action=\"/guest/v1/login\">";
  body += "<input type=\"hidden\" name=\"return_to\" value=\"" + escape_html(return_to) + "\">";
  body += "<button type=\"submit\"><strong>Continue to sign in</strong></button></form>";
  return page(200, "Sign in", body, form_targets);
}

http::Response choice_page() {
  return page(
      200, "You are signed in",
      "<p>Before you signed in you used this site without this account. What shall become of what "
      "you "
      "did then, such as your cart?</p>"
      "<form method=\"post\" action=\"/guest/v1/choice\">"
      "<button type=\"submit\" name=\"choice\" value=\"merge\"><strong>Bring it along</strong>"
      "It is added to your account.</button>"
      "<button type=\"submit\" name=\"choice\" value=\"keep\"><strong>Leave it</strong>"
      "Your account stays as it is.</button>"
      "<button type=\"submit\" name=\"choice\" value=\"discard\"><strong>Discard it</strong>"
      "It is deleted at once.</button></form>",
      {});
}

http::Response proof_page(std::string_view address, std::string_view link,
                          std::string_view form_targets) {
  std::string body = "<p>Is <strong>" + escape_html(address) +
                     "</strong> your address? From then on you sign in with it.</p>"
                     "<form method=\"post\" action=\"/guest/v1/proof\">"
                     "<input type=\"hidden\" name=\"token\" value=\"";
  body += escape_html(link);
  body += "\"><button type=\"submit\"><strong>Confirm this address</strong></button></form>";
  return page(200, "Confirm your address", body, form_targets);
}

http::Response notice_page(int status, std::string_view title, std::string_view text,
                           std::string_view link, const FieldErrors& fields) {
  std::string body = "<p role=\"alert\">" + escape_html(text) + "</p>";
  if (!fields.empty()) {
    body += "<ul>";
    for (const auto& [field, reason] : fields)
      body += "<li>" + escape_html(field) + ": " + escape_html(reason) + "</li>";
    body += "</ul>";
  }
  body += "<a class=\"button\" href=\"" + escape_html(link) + "\">Continue</a>";
  return page(status, title, body, {});
}

}  // namespace vestibule::gateway
