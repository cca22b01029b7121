#include "app/config_check.h"
#include "app/mail.h"
#include "http/certificates.h"
#include "mail/message.h"

namespace vestibule::app {
namespace {

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
