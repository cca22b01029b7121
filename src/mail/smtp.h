#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <stop_token>
#include <string>

#include "base/secret.h"
#include "mail/failure.h"

namespace vestibule::mail {

enum class StartTls {
  required,
  opportunistic,  ///< if the server offers it; whoever sits in between can take the offer away
  none,
};

struct SmtpOptions {
  std::string url;  ///< `smtp://HOST:PORT` or, with TLS from the first byte, `smtps://HOST:PORT`
  StartTls starttls = StartTls::required;  ///< of `smtp://`
  std::string username;                    ///< empty: no authentication
  base::Secret password;
  std::string hello;    ///< our name in EHLO
  std::string ca_file;  ///< PEM certificates trusted besides the system's; empty for none
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);
  std::chrono::milliseconds total_timeout = std::chrono::seconds(60);
  /// How long a mail that is under way may still take when we are asked to stop.
  std::chrono::milliseconds stop_grace = std::chrono::seconds(5);
};

/// Hands mails to one mail server. Blocking, for one thread; keeps its connection for the next
/// mail. The server is the operator's choice, so it may have any address.
class SmtpClient {
 public:
  explicit SmtpClient(SmtpOptions options);
  ~SmtpClient();
  SmtpClient(const SmtpClient&) = delete;
  SmtpClient& operator=(const SmtpClient&) = delete;

  /// Sends `text` (to_rfc5322) from and to plain addresses. Success means that the server has
  /// taken responsibility for it (RFC 5321 4.2.5); after a failure it may have done so, too, if the
  /// connection broke at the very end.
  std::expected<void, Failure> send(const std::string& from, const std::string& to,
                                    const std::string& text, const std::stop_token& stop);

 private:
  void set_up();
  void hang_up();

  const SmtpOptions options_;
  std::unique_ptr<void, void (*)(void*)> curl_;
};

}  // namespace vestibule::mail
