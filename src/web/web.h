#pragma once

#include <string>
#include <vector>

#include "accounts/refused_passwords.h"
#include "accounts/users.h"
#include "async/pool.h"
#include "base/clock.h"
#include "base/random.h"
#include "events/refused_attempts.h"
#include "http/limiter.h"
#include "http/router.h"
#include "keys/sealer.h"
#include "oauth/client.h"
#include "provider/sign_in.h"
#include "sessions/sessions.h"
#include "store/store.h"
#include "web/browser_session.h"
#include "web/device_cookie.h"
#include "web/sign_in_guard.h"

namespace vestibule::web {

/// Whether /mailbox shows the mail that would have been sent (development and the demo).
enum class Mailbox { hidden, shown };

struct WebOptions {
  std::string public_origin;  ///< of the provider, `scheme://host[:port]`
  std::string issuer;
  std::string application_url;        ///< where pages lead when there is nowhere else to go
  base::OrganizationId organization;  ///< of accounts that register here
  Mailbox mailbox = Mailbox::hidden;
  http::Rate sign_in_rate{30, std::chrono::minutes(1), 30};
  std::uint32_t failures_per_account = 90;              ///< an hour, of strangers (SignInGuard)
  events::RefusedAttempts* refused_attempts = nullptr;  ///< where refused sign-ins are gathered
};

/// The provider's pages: sign-in, registration, forgotten password, e-mail proof, mailbox. They
/// work without JavaScript. Every state-changing call is checked for cross-site origin first, then
/// for the address's rate; passwords are hashed on the CPU pool before the unit of work.
class Web final : public provider::SignIn {
 public:
  /// The references outlive it.
  Web(WebOptions options, store::Store& store, const sessions::Sessions& sessions,
      accounts::UserIds& ids, keys::PurposeKeys& keys, async::CpuPool& pool,
      const accounts::RefusedList& refused, const base::Clock& clock, base::Random& random);

  void add_routes(http::Router& router);

  // For the pages in classes of their own.

  /// A form that may change something, and one that tries secrets as short as a device's code.
  enum class Attempt { form, guess };
  /// The refusal of a call that may not change anything: cross-site, or too many; else nullopt.
  std::optional<http::Response> refuse(const http::Request& request,
                                       Attempt attempt = Attempt::form);
  http::Response message(int status, std::string_view title, std::string_view text) const;
  /// What a sign-in is for if not for an authorization request: `device.` and the token of
  /// /device/confirm (device_pages.h).
  static constexpr std::string_view device_request = "device.";

  std::optional<provider::BrowserSession> current(const http::RequestHead& request) const override;
  http::Response start(std::string_view request_token, std::string_view login_hint) const override;
  http::Response ask_consent(const provider::ConsentQuestion& question) const override;
  http::Response confirm_logout(
      const std::vector<std::pair<std::string, std::string>>& fields) const override;
  http::Response form_post(
      std::string_view redirect_uri,
      const std::vector<std::pair<std::string, std::string>>& fields) const override;
  http::Response error_page(const oauth::Error& error) const override;
  http::Response signed_out(const provider::SignedOut& done) const override;
  void clear_cookie(http::Response& response) const override;

 private:
  template <class T>
  using Awaitable = boost::asio::awaitable<T>;

  // login.cpp
  http::Response login_page(int status, std::string_view request, std::string_view username,
                            std::string_view error) const;
  Awaitable<http::Response> post_login(http::Request& request);
  /// Whom a sign-in is for, if that is to be shown: a client that has to ask, or shows something.
  std::optional<oauth::Client> find_asking_client(std::string_view request) const;
  // consent.cpp
  Awaitable<http::Response> get_applications(http::Request& request);
  Awaitable<http::Response> post_applications(http::Request& request);
  // register.cpp
  Awaitable<http::Response> post_register(http::Request& request);
  // recovery.cpp
  Awaitable<http::Response> post_forgot(http::Request& request);
  Awaitable<http::Response> get_reset(http::Request& request);
  Awaitable<http::Response> post_reset(http::Request& request);
  // renewal.cpp: a password that somebody else chose
  http::Response renewal_page(int status, std::string_view request, std::string_view username,
                              std::string_view error) const;
  Awaitable<http::Response> post_renewal(http::Request& request);
  // proof.cpp
  Awaitable<http::Response> get_proof(http::Request& request);
  Awaitable<http::Response> post_proof(http::Request& request);
  // web.cpp
  http::Response show_mailbox() const;
  /// Inserts a fresh provider session and ends the one that the browser had.
  sessions::Session open_session(store::Transaction& tx, const http::Request& request,
                                 base::UserId user, base::Time now) const;
  /// What a person did here, in the audit log.
  static void record(store::Transaction& tx, std::string_view type, const http::Request& request,
                     base::UserId user, base::Time now, std::optional<base::ClientId> client = {});
  /// Gathers a refused attempt for the audit log; the same work for a name that nobody has.
  void note_refused(const http::Request& request, std::optional<base::UserId> user,
                    std::string_view outcome) const;
  /// Counts an attempt at a password: of the account that `name` leads to, `user` if there is one.
  SignInGuard::Attempt begin_attempt(const http::Request& request, std::string_view name,
                                     std::optional<base::UserId> user);
  /// On to the authorization request that the sign-in was for, or to a page that says it is done.
  http::Response go_on(const http::Request& request, std::string_view request_token,
                       const sessions::Session& session, std::string_view done) const;

  WebOptions options_;
  store::Store& store_;
  const sessions::Sessions& sessions_;
  accounts::UserIds& ids_;
  BrowserSessions browser_sessions_;
  DeviceCookie device_cookie_;
  keys::Sealer sealer_;
  async::CpuPool& pool_;
  const accounts::RefusedList& refused_;
  const base::Clock& clock_;
  base::Random& random_;
  http::AddressLimiter limiter_;
  http::AddressLimiter guess_limiter_;
  SignInGuard guard_;
};

}  // namespace vestibule::web
