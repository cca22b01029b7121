#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "accounts/mailer.h"
#include "app/config.h"
#include "base/random.h"

namespace vestibule::app {

struct SmtpUrl {
  bool tls = false;  ///< from the first byte: smtps
  std::string host;
};

/// `smtp://HOST`, `smtp://HOST:PORT` or the same with smtps, and nothing else.
std::optional<SmtpUrl> parse_smtp_url(std::string_view url);

/// Where the configuration sends mail. The references outlive the sender. Throws
/// std::invalid_argument if the password cannot be read.
accounts::MailSender mail_sender(const Config& config, store::Store& store, base::Random& random);

}  // namespace vestibule::app
