#include "accounts/mailbox.h"

#include "accounts/emails_sql.h"

namespace vestibule::accounts {
namespace {

constexpr store::Statement select_newest{
    "mailbox.newest",
    "select address, subject, body, sent_at from mailbox order by id desc limit $1"};

}  // namespace

MailSender mailbox_sender(store::Store& store) {
  return [&store](const Mail& mail, const std::stop_token&) -> std::expected<void, mail::Failure> {
    store.write([&](store::Transaction& tx) {
      tx.execute(sql::insert_mailbox, mail.to, mail.subject, mail.body, mail.sent_at);
    });
    return {};
  };
}

std::vector<Mail> list_mailbox(store::Transaction& tx, int limit) {
  std::vector<Mail> mails;
  auto rows = tx.query(select_newest, limit);
  while (rows.next()) {
    mails.push_back({std::string(rows.text(0)), std::string(rows.text(1)),
                     std::string(rows.text(2)), rows.time(3)});
  }
  return mails;
}

}  // namespace vestibule::accounts
