#pragma once

#include <vector>

#include "accounts/mailer.h"
#include "store/transaction.h"

namespace vestibule::accounts {

/// What mailbox_transport has stored, newest first.
std::vector<Mail> list_mailbox(store::Transaction& tx, int limit);

}  // namespace vestibule::accounts
