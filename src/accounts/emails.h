#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "accounts/user.h"
#include "base/random.h"
#include "base/result.h"
#include "sessions/sessions.h"
#include "store/store.h"

namespace vestibule::accounts {

/// What the mailer is asked to look at. It decides at `due_at`, not on the answering path, what is
/// sent, so that no answer or its timing tells whether an address is known.
enum class MailKind {
  registration = 1,  ///< somebody registered with this address: proof link, or a note to its owner
  reset = 2,         ///< somebody asked to reset a password for this address
  unproved_sign_in = 3,  ///< a sign-in named an unproved address: a link to the proof page
};

/// Stores `address` as the user's unproved address (users.email, email_claims) and commits one mail
/// job, without looking the address up. The user's row is written by the caller's update_user.
void claim_email(store::Transaction& tx, User& user, std::string_view address,
                 std::optional<base::SessionId> session, base::Random& random, base::Time now);

/// A privileged caller's assertion (ZITADEL's isVerified) or plain address, without mail. An
/// assertion takes a login name only if nobody holds it and never drops a claim.
void assert_email(store::Transaction& tx, User& user, std::string_view address, EmailState state);

/// Asks the mailer to look at an address that somebody typed; the same work for every address.
void request_mail(store::Transaction& tx, MailKind kind, std::string_view address,
                  std::optional<base::SessionId> session, base::Random& random, base::Time now);

enum class LinkPurpose { proof = 1, reset = 2 };
/// A mail link as its page sees it. Looking changes nothing.
struct MailLink {
  LinkPurpose purpose = LinkPurpose::proof;
  base::UserId user;
  std::string address;
  std::optional<base::SessionId> session;  ///< the browser session that made the claim
  base::Time expires_at;
};
std::optional<MailLink> find_link(store::Transaction& tx, std::string_view token, base::Time now);

/// Proves the address of a proof link for its account: consumes the link, takes the login name,
/// removes the address from the others that claimed it, ends all older sessions. The caller has
/// established that this is the claiming browser or the account's own password. Error kinds:
/// gone (link used or expired, or the user is gone).
base::Result<User> prove_email(store::Transaction& tx, const sessions::Sessions& sessions,
                               std::string_view token, base::Time now);

/// The mailbox owner sets a new credential (reset link, or a proof link opened elsewhere):
/// consumes the link, sets the password, proves the address, and everything older on that account
/// ends. Error kinds: gone.
base::Result<User> reset_password(store::Transaction& tx, const sessions::Sessions& sessions,
                                  std::string_view token, std::string_view password_hash,
                                  base::Time now);

}  // namespace vestibule::accounts
