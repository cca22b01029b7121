#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/secret.h"
#include "gateway/cookie_names.h"
#include "gateway/identity_provider.h"
#include "gateway/sealer.h"
#include "http/cookies.h"

namespace vestibule::gateway {

/// How long a sign-in, and the question after it, may take.
inline constexpr base::Milliseconds sign_in_lifetime{10 * 60 * 1000};

/// What this browser's sign-in began with; the callback has to match it.
struct LoginState {
  std::string state;
  std::string nonce;
  base::Secret code_verifier;
  std::string return_to;
  base::Time started_at;
  MergeIntent intent = MergeIntent::ask;
  /// The session that the browser held at the start: for it the intent was told, and because of it
  /// credentials have to be shown anew.
  std::optional<base::SessionId> session;
};

/// A guest that a sign-in left undecided, and the account's session that may decide.
struct ChoiceState {
  SessionHandle guest;
  base::SessionId account;
  std::string return_to;
  base::Time asked_at;
};

/// The login cookie and the choice cookie: sealed, SameSite=Lax, ten minutes.
class LoginCookies {
 public:
  LoginCookies(const CookieNames& names, const Sealer& sealer) : names_(names), sealer_(sealer) {}

  http::SetCookie write(const LoginState& state, base::Time now) const;
  http::SetCookie write(const ChoiceState& state, base::Time now) const;
  http::SetCookie erase_login() const;
  http::SetCookie erase_choice() const;
  /// nullopt unless there is exactly one, of ours, and younger than `sign_in_lifetime`.
  std::optional<LoginState> read_login(const http::Cookies& cookies, base::Time now) const;
  std::optional<ChoiceState> read_choice(const http::Cookies& cookies, base::Time now) const;

 private:
  const CookieNames& names_;
  const Sealer& sealer_;
};

}  // namespace vestibule::gateway
