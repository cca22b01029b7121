#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "http/request.h"
#include "http/response.h"
#include "oauth/client.h"
#include "oauth/error.h"
#include "oauth/scope.h"

namespace vestibule::provider {

/// A browser that is signed in at the provider.
struct BrowserSession {
  base::SessionId id;
  base::UserId user;
  base::Time auth_time;
  std::string amr;  ///< RFC 8176 values, separated by spaces
};

/// What a person is asked to allow.
struct ConsentQuestion {
  const oauth::Client& client;
  base::UserId user;
  oauth::Scope words;  ///< see oauth/consents.h
  std::string action;  ///< where the form posts `consent` and `decision` (`allow` or `deny`)
  std::string token;   ///< the value of `consent`
};

/// What the page after a sign-out does.
struct SignedOut {
  /// Pages of clients to load in frames, so that they end their own sessions in this browser.
  std::vector<std::string> frames = {};
  std::string location = {};  ///< where to go afterwards; empty: nowhere
};

/// What the endpoints need of the pages; web/ implements it.
class SignIn {
 public:
  virtual ~SignIn() = default;

  /// The provider session that this browser's cookie names, if it is alive. A point read.
  virtual std::optional<BrowserSession> current(const http::RequestHead& request) const = 0;

  /// Sends the browser to the sign-in page. `request_token` is the sealed authorization request;
  /// after the sign-in the page redirects to /oauth/v2/authorize/continue?request=TOKEN.
  virtual http::Response start(std::string_view request_token,
                               std::string_view login_hint) const = 0;

  /// A page that asks whether to allow a client what it wants.
  virtual http::Response ask_consent(const ConsentQuestion& question) const = 0;

  /// A page that asks whether to sign out; its form posts `fields` to the end-session endpoint.
  virtual http::Response confirm_logout(
      const std::vector<std::pair<std::string, std::string>>& fields) const = 0;

  /// A page that posts `fields` to a client's redirect URI by itself, or by its button where
  /// scripts do not run (OAuth 2.0 Form Post Response Mode).
  virtual http::Response form_post(
      std::string_view redirect_uri,
      const std::vector<std::pair<std::string, std::string>>& fields) const = 0;

  /// A page for an error that may not be redirected to a client.
  virtual http::Response error_page(const oauth::Error& error) const = 0;

  /// The page after a sign-out that has frames to load or no place to return to.
  virtual http::Response signed_out(const SignedOut& done) const = 0;

  /// Takes the session cookie away from the browser; ending the session is the caller's.
  virtual void clear_cookie(http::Response& response) const = 0;
};

}  // namespace vestibule::provider
