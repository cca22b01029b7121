#include <optional>
#include <string>
#include <string_view>

#include "app/config_check.h"
#include "http/certificates.h"
#include "mail/message.h"

namespace vestibule::app {
namespace {

struct SmtpUrl {
  bool tls = false;  ///< from the first byte: smtps
  std::string host;
};

/// `smtp://HOST`, `smtp://HOST:PORT` or the same with smtps, and nothing else.
std::optional<SmtpUrl> parse_smtp_url(std::string_view url) {
  SmtpUrl out;
  out.tls = url.starts_with("smtps://");
  if (!out.tls && !url.starts_with("smtp://")) return std::nullopt;
  const auto authority = url.substr(url.find("//") + 2);
  if (authority.empty() || authority.find_first_of("/@?#% \t\r\n") != std::string_view::npos) {
    return std::nullopt;
  }
  const auto parsed = parse_host_port(authority);
  if (!parsed && authority.find(':') != std::string_view::npos) return std::nullopt;
  out.host = parsed ? parsed->host : std::string(authority);
  return out;
}

void check_smtp(const Config& config, ConfigCheck& check) {
  const auto& mail = config.mail;
  const auto url = parse_smtp_url(mail.url);
  if (!url) {
    check.wrong("mail.url", "has to be smtp://HOST:PORT or smtps://HOST:PORT");
    return;
  }
  const bool local = is_loopback(url->host);
  const bool may_be_plain = !url->tls && mail.starttls != MailTls::required;
  if (!url->tls && mail.starttls == MailTls::none && !local) {
    check.wrong("mail.starttls", "none lets everybody read the mail: to loopback only");
  } else if (may_be_plain && !mail.username.empty() && !local) {
    check.wrong("mail.starttls", "has to be required, or the password could go in the clear");
  }
  if (!mail::parse_mailbox(mail.from)) {
    check.wrong("mail.from", "has to be an address or Name <address>");
  }
  if (mail.username.empty() != mail.password_file.empty()) {
    check.wrong("mail.username", "and mail.password_file are needed together");
  } else if (!mail.password_file.empty()) {
    const auto why = http::why_unreadable(mail.password_file);
    if (!why.empty()) check.wrong("mail.password_file", mail.password_file + ": " + why);
  }
  // Below the lease of a mail, or a second process would send it as well.
  if (mail.timeout < base::Seconds{5} || mail.timeout > base::Seconds{240}) {
    check.wrong("mail.timeout", "has to be between 5s and 4m");
  }
}

}  // namespace

void check_mail(Config& config, ConfigCheck& check) {
  const auto url = parse_url(config.public_url);
  const bool local = url && is_loopback(url->host);
  auto& transport = config.mail.transport;
  if (!transport) transport = local ? MailTransport::mailbox : MailTransport::none;
  if (*transport == MailTransport::mailbox && !local) {
    check.wrong("mail.transport", "mailbox shows every mail to whoever asks: on loopback only");
  }
  if (*transport == MailTransport::smtp) check_smtp(config, check);
}

}  // namespace vestibule::app
