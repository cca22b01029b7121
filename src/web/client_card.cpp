#include "web/client_card.h"

#include <algorithm>
#include <string_view>

#include "pages/page.h"

namespace vestibule::web {
namespace {

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == ':';
}

bool is_web_link(std::string_view url) {
  return url.starts_with("https://") || url.starts_with("http://");
}

}  // namespace

std::string policy_origin(std::string_view url) {
  constexpr std::string_view scheme = "https://";
  if (!url.starts_with(scheme)) return {};
  const auto host =
      url.substr(scheme.size(), url.find_first_of("/?#", scheme.size()) - scheme.size());
  if (host.empty() || !std::ranges::all_of(host, is_host_character)) return {};
  return std::string(scheme) + std::string(host);
}

ClientCard client_card(const oauth::Client& client) {
  ClientCard card;
  pages::View view;
  view.set("name", client.name);
  card.logo_origin = policy_origin(client.display.logo_uri);
  if (!card.logo_origin.empty()) view.set("logo", client.display.logo_uri);
  const auto link = [&](std::string_view name, const std::string& url) {
    if (is_web_link(url)) view.set(name, url);
  };
  link("home", client.display.client_uri);
  link("policy", client.display.policy_uri);
  link("terms", client.display.tos_uri);
  card.html = pages::render("client", view);
  return card;
}

}  // namespace vestibule::web
