#include "app/mail.h"

#include <spdlog/spdlog.h>

#include <memory>

#include "accounts/mailbox.h"
#include "app/operations.h"
#include "base/encoding.h"
#include "http/ip.h"
#include "mail/message.h"
#include "mail/smtp.h"

namespace vestibule::app {
namespace {

using Sent = std::expected<void, mail::Failure>;

mail::StartTls starttls(MailTls tls) {
  switch (tls) {
    case MailTls::required:
      return mail::StartTls::required;
    case MailTls::opportunistic:
      return mail::StartTls::opportunistic;
    case MailTls::none:
      return mail::StartTls::none;
  }
  return mail::StartTls::required;
}

/// Our name for EHLO and Message-ID: the provider's, or the sender's domain if that is an address.
std::string own_name(const Config& config, const mail::Mailbox& from) {
  auto host = parse_url(config.public_url)->host;
  if (!http::IpAddress::parse(host)) return host;
  return from.address.substr(from.address.rfind('@') + 1);
}

accounts::MailSender smtp_sender(const Config& config, base::Random& random) {
  const auto& mail = config.mail;
  const auto from = *mail::parse_mailbox(mail.from);
  mail::SmtpOptions options;
  options.url = mail.url;
  options.starttls = starttls(mail.starttls);
  options.username = mail.username;
  if (!mail.username.empty()) options.password = read_secret_file(mail.password_file);
  options.hello = own_name(config, from);
  options.ca_file = config.outgoing.ca_file;
  options.total_timeout = mail.timeout;
  const auto client = std::make_shared<mail::SmtpClient>(options);
  return [client, from, host = options.hello, &random](const accounts::Mail& mail,
                                                       const std::stop_token& stop) -> Sent {
    if (!mail::is_plain_address(mail.to)) {
      return std::unexpected(
          mail::Failure{mail::Failure::Kind::refused, "the address cannot stand in a mail"});
    }
    const mail::Message message{.from = from,
                                .to = mail.to,
                                .subject = mail.subject,
                                .body = mail.body,
                                .date = mail.sent_at,
                                .id = base::to_hex(base::random_bytes(random, 16)) + "@" + host};
    return client->send(from.address, mail.to, mail::to_rfc5322(message), stop);
  };
}

}  // namespace

accounts::MailSender mail_sender(const Config& config, store::Store& store, base::Random& random) {
  switch (config.mail.transport.value_or(MailTransport::none)) {
    case MailTransport::mailbox:
      return accounts::mailbox_sender(store);
    case MailTransport::smtp:
      return smtp_sender(config, random);
    case MailTransport::none:
      break;
  }
  return [](const accounts::Mail&, const std::stop_token&) -> Sent {
    spdlog::warn("a mail was dropped: mail.transport is none");
    return {};
  };
}

}  // namespace vestibule::app
