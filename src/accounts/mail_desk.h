#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accounts/emails.h"
#include "accounts/mailer.h"
#include "base/random.h"

namespace vestibule::accounts {

struct MailJob {
  std::int64_t id = 0;
  MailKind kind = MailKind::registration;
  std::optional<base::UserId> user;
  std::string address;
  std::string key;
  std::optional<base::SessionId> session;
  /// 1 for the first. Later ones are for the mail that the first one owed: they count once.
  std::int64_t attempt = 1;
};

/// A user who claims an address.
struct MailClaim {
  base::UserId user;
  std::string address;
  base::Time claimed_at;
  std::optional<base::SessionId> session;
};

/// Decides what a job's address is owed, and mints the links for it, in one transaction.
class MailDesk {
 public:
  MailDesk(store::Transaction& tx, const MailerOptions& options, base::Random& random,
           base::Time now)
      : tx_(tx), options_(options), random_(random), now_(now) {}

  /// The mail, or nothing.
  std::optional<Mail> decide(const MailJob& job) const;

 private:
  std::optional<Mail> registration(const MailJob& job, std::optional<base::UserId> owner) const;
  std::optional<Mail> reset(const MailJob& job, std::optional<base::UserId> owner) const;
  std::optional<base::UserId> find_asserted(const std::string& key) const;
  std::optional<Mail> make_reset(const MailJob& job, base::UserId id) const;
  std::optional<Mail> make_proofs(const MailJob& job, std::vector<MailClaim> claims) const;
  bool take_from_limit(const MailJob& job) const;

  store::Transaction& tx_;
  const MailerOptions& options_;
  base::Random& random_;
  base::Time now_;
};

}  // namespace vestibule::accounts
