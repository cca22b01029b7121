#include "web/device_cookie.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace vestibule::web {
namespace {

constexpr std::string_view purpose = "provider-device";
constexpr std::size_t id_size = 16;
constexpr std::size_t user_size = 8;
// RFC 6265bis 5.5: browsers cut Max-Age to 400 days. Each sign-in renews it.
constexpr std::chrono::hours life{400 * 24};

void append_user(std::string& out, base::UserId user) {
  const auto number = static_cast<std::uint64_t>(user.value);
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift));
}

base::UserId read_user(std::string_view eight) {
  std::uint64_t number = 0;
  for (const char byte : eight) number = number << 8U | static_cast<unsigned char>(byte);
  return base::UserId{static_cast<std::int64_t>(number)};
}

}  // namespace

bool KnownDevice::knows(base::UserId user) const {
  return std::ranges::find(users, user) != users.end();
}

DeviceCookie::DeviceCookie(std::string public_origin, keys::PurposeKeys& keys, base::Random& random)
    : origin_(std::move(public_origin)),
      scheme_(origin_.starts_with("https:") ? http::CookieScheme::https
                                            : http::CookieScheme::plain),
      sealer_(keys, random),
      random_(random) {
  name_ = scheme_ == http::CookieScheme::https ? "__Host-vestibule-device" : "vestibule-device";
}

std::optional<KnownDevice> DeviceCookie::read(const http::RequestHead& request,
                                              base::Time now) const {
  const http::Cookies cookies{request.headers};
  const auto found = cookies.find(name_);
  if (!found.single()) return std::nullopt;
  const auto plain = sealer_.open(purpose, origin_, found.value, now, life);
  if (!plain || plain->size() < id_size || (plain->size() - id_size) % user_size != 0) {
    return std::nullopt;
  }
  KnownDevice device{plain->substr(0, id_size), {}};
  for (auto rest = std::string_view(*plain).substr(id_size); !rest.empty();
       rest.remove_prefix(user_size)) {
    device.users.push_back(read_user(rest.substr(0, user_size)));
  }
  return device;
}

http::SetCookie DeviceCookie::write(std::optional<KnownDevice> device, base::UserId user,
                                    base::Time now) const {
  if (!device) device = KnownDevice{base::random_bytes(random_, id_size), {}};
  auto& users = device->users;
  std::erase(users, user);
  users.insert(users.begin(), user);
  if (users.size() > most_users) users.resize(most_users);
  auto plain = device->id;
  for (const auto each : users) append_user(plain, each);
  http::SetCookie cookie;
  cookie.name = name_;
  cookie.value = sealer_.seal(purpose, origin_, plain, now);
  cookie.max_age = life;
  cookie.scheme = scheme_;
  cookie.same_site = http::SameSite::lax;
  return cookie;
}

}  // namespace vestibule::web
