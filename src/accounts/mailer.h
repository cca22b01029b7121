#pragma once

#include <expected>
#include <functional>
#include <stop_token>
#include <string>

#include "accounts/emails.h"
#include "base/clock.h"
#include "base/random.h"
#include "mail/failure.h"
#include "store/store.h"

namespace vestibule::accounts {

/// A mail ready to go. `body` is plain text.
struct Mail {
  std::string to;
  std::string subject;
  std::string body;
  base::Time sent_at = {};
};

/// Hands a mail over, outside of any transaction, in bounded time (well below a mail's lease); may
/// leave early when asked to stop. Throws only store::Unavailable.
using MailSender =
    std::function<std::expected<void, mail::Failure>(const Mail&, const std::stop_token&)>;

struct MailerOptions {
  std::string public_url;          ///< the provider's, for links; without a slash at its end
  int per_recipient_per_day = 10;  ///< to one unproved address, and of notes to its owner
};

/// How long a mail that is being sent is nobody else's.
inline constexpr base::Milliseconds mail_lease{5 * 60'000};

/// Handles the mail jobs that are due. For each: one transaction claims the job for a while,
/// decides what its address is owed (a proof link, a reset link, a note to the owner, nothing) and
/// mints the links; the mail goes out; one more transaction forgets the job. A crash in between
/// sends it again when the lease is over: perhaps twice, never not at all. A mail that fails is
/// tried again ever more seldom for about a day, with new links; one that is refused for good is
/// not. Mail to an unproved address carries no text that a visitor typed and is limited per
/// recipient.
class Mailer {
 public:
  /// The references outlive the mailer.
  Mailer(store::Store& store, MailerOptions options, MailSender sender, base::Random& random,
         const base::Clock& clock);

  /// One round, on this thread only; other mailers may work on the same store. Returns how many
  /// jobs are done with. When no mail goes at all, the rest of the round and the next half minute
  /// are left out, so that nobody's attempts are wasted on a server that is not there.
  int send_due(const std::stop_token& stop = {});

 private:
  struct Claimed;
  enum class Outcome { done, left, unreachable };
  Outcome handle(std::int64_t id, const std::stop_token& stop);
  std::optional<Claimed> claim(std::int64_t id);
  Outcome settle(const Claimed& claimed, const mail::Failure& failure);

  store::Store& store_;
  const MailerOptions options_;
  const MailSender sender_;
  base::Random& random_;
  const base::Clock& clock_;
  base::Time rests_until_ = {};
};

}  // namespace vestibule::accounts
