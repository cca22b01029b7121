#pragma once

#include <string>

#include "oauth/client.h"

namespace vestibule::web {

/// What pages show of a client: its name, logo, and where its terms are. Everything comes from the
/// client's registration and is not believed: links are http(s) only, and only a logo over https
/// from a plain host is shown.
struct ClientCard {
  std::string html;         ///< rendered, for `{{{client}}}`
  std::string logo_origin;  ///< for pages::page's image_origin; empty: no logo
};
ClientCard client_card(const oauth::Client& client);

/// `https://host[:port]` of an https URL whose host can stand in a Content-Security-Policy as it
/// is; else empty.
std::string policy_origin(std::string_view url);

}  // namespace vestibule::web
