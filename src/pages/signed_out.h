#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/response.h"

namespace vestibule::pages {

/// How the page is left: by itself once its frames are loaded, or by its link alone.
enum class Leave { at_once, by_link };

/// The page after a sign-out that loads `frames` (OpenID Connect Front-Channel Logout section 2),
/// which may run scripts but not lead the page elsewhere, and then goes to `location`: when they
/// are loaded, after a few seconds at the latest, and by a link. Its policy allows frames of these
/// origins and its one script.
http::Response signed_out(const std::vector<std::string>& frames, std::string_view location,
                          Leave leave, std::string_view style_path);

}  // namespace vestibule::pages
