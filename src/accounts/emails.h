#pragma once

#include <chrono>
#include <cstdint>
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

/// A mail job is due after a random part of this, so that the time of a mail tells nothing.
inline constexpr base::Milliseconds mail_jitter{2'000};
inline constexpr base::Milliseconds proof_link_life{24 * 3600 * 1000};
inline constexpr base::Milliseconds reset_link_life{3600 * 1000};
/// How long a never-proved address is remembered.
inline constexpr base::Milliseconds unproved_memory{std::chrono::days{30}};

/// Stores `address` as the user's unproved address (users.email, email_claims) and commits one mail
/// job, without looking the address up. The user's row is written by the caller's update_user.
void claim_email(store::Transaction& tx, User& user, std::string_view address,
                 std::optional<base::SessionId> session, base::Random& random, base::Time now);

/// A privileged caller's assertion (ZITADEL's isVerified) or plain address (`state` unproved),
/// without mail; an empty address removes the one that is there. An assertion takes a login name
/// only if nobody holds it and never drops a claim of another user. The same address again never
/// undoes a proof; another one releases the address that this user had proved, with its links. The
/// user's row is written by the caller's insert_user or update_user.
void assert_email(store::Transaction& tx, User& user, std::string_view address, EmailState state,
                  base::Time now);

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
/// established that this is the claiming browser or the account's own password, and gives it a
/// fresh session. Errors: gone `link_gone` (used, expired, not a proof link, the claim or the user
/// is not there any more), gone `address_taken` (somebody else proved it meanwhile), conflict
/// `merging`.
base::Result<User> prove_email(store::Transaction& tx, const sessions::Sessions& sessions,
                               std::string_view token, base::Time now);

/// The mailbox owner sets a new credential (reset link, or a proof link opened elsewhere):
/// consumes the link, sets the password in place of every other credential and token, proves the
/// address, and everything older on that account ends. Errors as prove_email's.
base::Result<User> reset_password(store::Transaction& tx, const sessions::Sessions& sessions,
                                  std::string_view token, std::string_view password_hash,
                                  base::Time now);

/// Forgets addresses that were claimed before `before` and never proved; at most `limit`, returns
/// how many. An account that had proved another address gets that one back.
int forget_unproved_claims(store::Transaction& tx, base::Time before, int limit, base::Time now);
/// Deletes expired links and what the limit per recipient does not need any more; at most `limit`
/// of each, returns how many.
std::int64_t delete_expired_mail(store::Transaction& tx, base::Time now, int limit);

}  // namespace vestibule::accounts
