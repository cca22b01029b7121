#pragma once

#include <vector>

#include "accounts/mailer.h"
#include "store/transaction.h"

namespace vestibule::accounts {

/// The built-in mailbox: mails are rows that the provider's /mailbox page shows (development,
/// demo). The store outlives the sender.
MailSender mailbox_sender(store::Store& store);

/// What is in the mailbox, newest first.
std::vector<Mail> list_mailbox(store::Transaction& tx, int limit);

}  // namespace vestibule::accounts
