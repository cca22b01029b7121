#pragma once

#include <functional>
#include <string>

#include "accounts/emails.h"
#include "base/clock.h"
#include "base/random.h"
#include "store/store.h"

namespace vestibule::accounts {

/// A mail ready to go. `body` is plain text.
struct Mail {
  std::string to;
  std::string subject;
  std::string body;
  base::Time sent_at = {};
};

/// Where mail goes. Must throw to be retried later.
using MailTransport = std::function<void(store::Transaction&, const Mail&)>;

/// The built-in mailbox: mails are rows that the provider's /mailbox page shows (development,
/// demo).
MailTransport mailbox_transport();

struct MailerOptions {
  std::string public_url;          ///< the provider's, for links; without a slash at its end
  int per_recipient_per_day = 10;  ///< to one unproved address, and of notes to its owner
};

/// Handles the mail jobs that are due: decides what each address is owed (a proof link, a reset
/// link, a note to the owner, nothing), mints links, hands the mail over and forgets the job, one
/// transaction a job. Returns how many it handled. Mail to an unproved address carries no text that
/// a visitor typed and is limited per recipient. A transport that throws is tried again later, ever
/// more seldom, for about a day.
int send_due_mail(store::Store& store, const MailerOptions& options, const MailTransport& transport,
                  base::Random& random, base::Time now);

}  // namespace vestibule::accounts
