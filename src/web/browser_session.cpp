#include "web/browser_session.h"

namespace vestibule::web {
namespace {

constexpr std::string_view purpose = "provider-session";

}  // namespace

BrowserSessions::BrowserSessions(std::string public_origin, keys::PurposeKeys& keys,
                                 base::Random& random)
    : origin_(std::move(public_origin)),
      scheme_(origin_.starts_with("https:") ? http::CookieScheme::https
                                            : http::CookieScheme::plain),
      sealer_(keys, random) {
  name_ = scheme_ == http::CookieScheme::https ? "__Host-vestibule-provider" : "vestibule-provider";
}

std::optional<base::SessionId> BrowserSessions::read(const http::RequestHead& request,
                                                     base::Time now) const {
  const http::Cookies cookies{request.headers};
  const auto found = cookies.find(name_);
  if (!found.single()) return std::nullopt;
  const auto plain = sealer_.open(purpose, origin_, found.value, now, browser_session_lifetime);
  if (!plain) return std::nullopt;
  const auto id = base::Uuid::from_bytes(*plain);
  if (!id) return std::nullopt;
  return base::SessionId{*id};
}

http::SetCookie BrowserSessions::write(base::SessionId session, base::Time now) const {
  auto made = cookie();
  made.value = sealer_.seal(purpose, origin_, session.view(), now);
  return made;
}

http::SetCookie BrowserSessions::clear() const {
  return cookie().deletion();
}

http::SetCookie BrowserSessions::cookie() const {
  http::SetCookie made;
  made.name = name_;
  made.scheme = scheme_;
  // Lax: the browser arrives at the authorization endpoint from the application's origin.
  made.same_site = http::SameSite::lax;
  return made;
}

}  // namespace vestibule::web
