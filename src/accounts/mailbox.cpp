#include "accounts/mailbox.h"

namespace vestibule::accounts {
namespace {

constexpr store::Statement select_newest{
    "mailbox.newest",
    "select address, subject, body, sent_at from mailbox order by id desc limit $1"};

}  // namespace

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
