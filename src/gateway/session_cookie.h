#pragma once

#include <optional>
#include <vector>

#include "base/clock.h"
#include "gateway/cookie_names.h"
#include "gateway/identity_provider.h"
#include "gateway/options.h"
#include "gateway/sealer.h"
#include "http/cookies.h"

namespace vestibule::gateway {

/// What a request's session cookie says.
struct SessionReading {
  enum class State {
    absent,  ///< there is none
    valid,
    invalid,    ///< there is one that is not ours, edited, in parts of two, or expired
    duplicated  ///< more than one of a name: none of them counts
  };
  State state = State::absent;
  std::optional<Grant> grant;  ///< for `valid`
};

/// Writes a Grant into the browser's cookie and reads it back. Nothing of it is looked up: whether
/// the session still lives is for Visitor and the provider to say.
///
/// In the sealed format the cookie holds handle, expiries, subject and token. In the jwt format it
/// is the bare JWT, and a second cookie holds the rest with the JWT's SHA-256: halves of two
/// sessions, or of two generations, do not fit each other.
class SessionCookie {
 public:
  SessionCookie(const CookieNames& names, const Sealer& sealer, CookieFormat format,
                base::Seconds retention)
      : names_(names), sealer_(sealer), format_(format), retention_(retention) {}

  /// One cookie, or two in the jwt format. Throws std::length_error if one would not fit into 4,096
  /// bytes with its name: a token so long is a mistake of the configuration.
  std::vector<http::SetCookie> write(const Grant& grant, base::Time now) const;
  std::vector<http::SetCookie> erase() const;
  SessionReading read(const http::Cookies& cookies, base::Time now) const;

 private:
  std::optional<Grant> read_sealed(std::string_view value, base::Time now) const;
  std::optional<Grant> read_pair(std::string_view jwt, std::string_view refresh,
                                 base::Time now) const;

  const CookieNames& names_;
  const Sealer& sealer_;
  CookieFormat format_;
  base::Seconds retention_;
};

}  // namespace vestibule::gateway
