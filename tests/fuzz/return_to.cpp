// What is accepted stays on this origin for any reader of the URL, and outside reserved paths.
#include "http/return_to.h"

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <vector>

#include "base/text.h"
#include "fuzz.h"
#include "gateway/rules.h"

namespace vestibule::fuzz {

void run(std::string_view input) {
  static const std::vector<std::string> reserved{"/guest/v1", "/oauth/v2/"};
  if (!http::valid_return_to(input, reserved)) return;
  require(input.starts_with('/') && !input.starts_with("//") && !input.starts_with("/\\"),
          "one slash leads a path");
  require(!base::has_control_character(input), "no control character");
  const auto path = gateway::decode_target_path(input);
  require(path.has_value(), "its path is one that http/ accepts");
  const auto segments = gateway::split_path(*path);
  if (segments.size() >= 2) {
    require(base::to_lower_ascii(segments[0]) != "guest" || segments[1] != "v1",
            "never into the gateway's own paths");
  }

  // RFC 3986 5.2: resolved against the origin by another library it still names the origin.
  const auto reference = boost::urls::parse_uri_reference({input.data(), input.size()});
  if (!reference) return;
  const boost::urls::url base("https://shop.example/a/b");
  boost::urls::url resolved;
  if (!boost::urls::resolve(base, *reference, resolved)) return;
  require(resolved.host() == "shop.example" && resolved.scheme() == "https" &&
              !resolved.has_userinfo() && !resolved.has_port(),
          "it stays on the origin");
}

}  // namespace vestibule::fuzz
