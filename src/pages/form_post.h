#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/response.h"

namespace vestibule::pages {

/// A page that posts `fields` to `action` by itself once it is loaded, and by its button where
/// scripts do not run (OAuth 2.0 Form Post Response Mode). Its one script is allowed by its hash;
/// where the form may lead is the caller's to have checked.
http::Response form_post(std::string_view action,
                         const std::vector<std::pair<std::string, std::string>>& fields,
                         std::string_view style_path);

}  // namespace vestibule::pages
