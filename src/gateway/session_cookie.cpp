#include "gateway/session_cookie.h"

#include <algorithm>
#include <stdexcept>

#include "base/crypto.h"
#include "gateway/pack.h"

namespace vestibule::gateway {

namespace {

constexpr std::uint8_t format_version = 1;
constexpr std::size_t largest_cookie = 4096;
// RFC 6265bis 5.5: browsers cut Max-Age to 400 days.
constexpr base::Seconds longest_life{400LL * 24 * 3600};

Packer pack_handle(const Grant& grant) {
  Packer packer(format_version);
  packer.session(grant.session.session)
      .u32(grant.session.generation)
      .time(grant.session_expires_at)
      .time(grant.token_expires_at)
      .text(grant.session.subject);
  return packer;
}

Grant unpack_handle(Unpacker& unpacker) {
  Grant grant;
  grant.session.session = unpacker.session();
  grant.session.generation = unpacker.u32();
  grant.session_expires_at = unpacker.time();
  grant.token_expires_at = unpacker.time();
  grant.session.subject = unpacker.text();
  return grant;
}

void check_size(const http::SetCookie& cookie) {
  if (cookie.name.size() + 1 + cookie.value.size() >= largest_cookie)
    throw std::length_error("the cookie " + cookie.name + " does not fit into 4,096 bytes");
}

}  // namespace

std::vector<http::SetCookie> SessionCookie::write(const Grant& grant, base::Time now) const {
  const auto life = std::chrono::floor<base::Seconds>(
      std::max(grant.session_expires_at - now, base::Milliseconds{0}));
  const auto max_age = std::min({life, retention_, longest_life});
  const auto token = grant.token.reveal();
  std::vector<http::SetCookie> cookies;
  auto packer = pack_handle(grant);
  if (format_ == CookieFormat::sealed) {
    auto value = sealer_.seal(Purpose::session, names_.session, packer.text(token).take(), now);
    cookies.push_back(names_.make(names_.session, std::move(value), max_age));
  } else {
    auto handle = sealer_.seal(Purpose::refresh, names_.refresh,
                               packer.text(base::sha256(token)).take(), now);
    cookies.push_back(names_.make(names_.session, std::string(token), max_age));
    cookies.push_back(names_.make(names_.refresh, std::move(handle), max_age));
  }
  std::ranges::for_each(cookies, check_size);
  return cookies;
}

std::vector<http::SetCookie> SessionCookie::erase() const {
  std::vector<http::SetCookie> cookies{names_.make(names_.session, {}, std::nullopt).deletion()};
  if (format_ == CookieFormat::jwt)
    cookies.push_back(names_.make(names_.refresh, {}, std::nullopt).deletion());
  return cookies;
}

SessionReading SessionCookie::read(const http::Cookies& cookies, base::Time now) const {
  using State = SessionReading::State;
  const auto session = cookies.find(names_.session);
  const auto refresh = cookies.find(names_.refresh);
  if (session.duplicated() || refresh.duplicated()) return {State::duplicated, std::nullopt};
  std::optional<Grant> grant;
  if (format_ == CookieFormat::sealed) {
    if (!session.single()) return {};
    grant = read_sealed(session.value, now);
  } else {
    if (!session.single() && !refresh.single()) return {};
    if (session.single() && refresh.single()) grant = read_pair(session.value, refresh.value, now);
  }
  if (!grant || grant->session_expires_at <= now) return {State::invalid, std::nullopt};
  return {State::valid, std::move(grant)};
}

std::optional<Grant> SessionCookie::read_sealed(std::string_view value, base::Time now) const {
  const auto plain = sealer_.open(Purpose::session, names_.session, value, now, retention_);
  if (!plain) return std::nullopt;
  Unpacker unpacker(*plain, format_version);
  auto grant = unpack_handle(unpacker);
  grant.token = base::Secret(unpacker.text());
  if (!unpacker.complete()) return std::nullopt;
  return grant;
}

std::optional<Grant> SessionCookie::read_pair(std::string_view jwt, std::string_view refresh,
                                              base::Time now) const {
  const auto plain = sealer_.open(Purpose::refresh, names_.refresh, refresh, now, retention_);
  if (!plain) return std::nullopt;
  Unpacker unpacker(*plain, format_version);
  auto grant = unpack_handle(unpacker);
  const auto hash = unpacker.text();
  if (!unpacker.complete() || hash != base::sha256(jwt)) return std::nullopt;
  grant.token = base::Secret(std::string(jwt));
  return grant;
}

}  // namespace vestibule::gateway
