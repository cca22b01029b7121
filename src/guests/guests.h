#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "accounts/users.h"
#include "base/random.h"
#include "base/result.h"
#include "events/outbox.h"
#include "guests/merge.h"
#include "sessions/sessions.h"
#include "store/transaction.h"

namespace vestibule::guests {

/// How long a ticket that was used still leads to its session (design.md section 4, "Ticket").
inline constexpr base::Milliseconds ticket_grace{60'000};
/// How long an idempotency key is remembered.
inline constexpr base::Milliseconds idempotency_lifetime{24 * 3600 * 1000};

/// Was the answer made by this call, or did an earlier one make it?
enum class Freshness { created, existing };

/// On whose authority and for whom a guest is made.
struct Authority {
  base::OrganizationId organization;
  base::UserId service_account;  ///< becomes `act` of the guest's tokens
  base::ClientId client;
  std::string_view client_address = {};
  /// The id that the user has at a provider elsewhere; absent: one of ours.
  std::optional<std::string> subject = {};
};

struct TicketRequest {
  base::SessionId session;  ///< named by the ticket: the key under which double clicks meet
  base::Time session_expires_at;
};
struct KeyRequest {
  std::string_view key;   ///< Idempotency-Key as sent
  std::string_view body;  ///< the request's body: another body under one key is refused
};

struct Provisioned {
  accounts::User user;
  std::optional<sessions::Session> session;  ///< for tickets
  Freshness freshness = Freshness::created;
};

struct UpgradeRequest {
  base::UserId user;        ///< from a sealed cookie, never from the request
  base::SessionId session;  ///< the session that the cookie named
  std::string given_name;
  std::string family_name;
  std::string email;  ///< checked by base::email_key
  std::string password_hash;
  base::SessionId new_session;
  base::Time session_expires_at;
  std::string client_address = {};  ///< for the audit log
};
/// An upgrade whose credentials another provider has stored.
struct UpgradeElsewhere {
  base::UserId user;
  std::string given_name = {};  ///< empty: as it is
  std::string family_name = {};
  std::string email = {};
  /// For the browser that did it; none if nobody waits for the answer any more.
  std::optional<sessions::Session> new_session = {};
};
struct Upgraded {
  accounts::User user;
  sessions::Session session;
};

/// Why a user is erased: the tombstone's reason and, but for merges, the event's.
enum class EraseReason {
  purged,   ///< "retention": nobody came back
  self,     ///< "self": they asked for it
  merged,   ///< an account took the data over
  deleted,  ///< "deleted": an administrator or the guest's application did
};
std::string_view to_string(EraseReason reason);

/// Told in the transaction that erases a user, before its rows go.
using ErasureListener = std::function<void(store::Transaction& tx, const accounts::User& user,
                                           EraseReason reason, base::Time now)>;

/// The four verbs of the domain. Each is one function, run in one transaction, and tells one event
/// to each application in that transaction.
class Guests {
 public:
  Guests(accounts::UserIds& ids, const sessions::Sessions& sessions, const events::Outbox& outbox,
         base::Random& random, MergeOptions merge_options, ErasureListener on_erasure = {})
      : ids_(ids),
        sessions_(sessions),
        outbox_(outbox),
        random_(random),
        merge_options_(merge_options),
        on_erasure_(std::move(on_erasure)) {}

  /// Makes a guest and its gateway session under the session id that a ticket names. If that
  /// session is there already, it is given back (existing) for `ticket_grace` after its creation
  /// and only while its user is still a guest in it; otherwise conflict `ticket_used`.
  base::Result<Provisioned> provision(store::Transaction& tx, const Authority& authority,
                                      const TicketRequest& request, base::Time now) const;

  /// Makes a guest for an application that keeps its own cookie. The same caller and key give the
  /// same user again (existing); another body is invalid `key_reused`; a user that is no guest any
  /// more is conflict `not_a_guest`, one that is gone is gone `guest_gone`.
  base::Result<Provisioned> provision(store::Transaction& tx, const Authority& authority,
                                      const KeyRequest& request, base::Time now) const;

  /// The same user becomes an account: profile, password, unproved e-mail, guest day and tag
  /// cleared, sessions replaced by the new one, event. Errors: gone `guest_gone`, conflict
  /// `merging`, conflict `already_registered` (not a guest), unauthenticated `no_session` (the
  /// session has ended).
  base::Result<Upgraded> upgrade(store::Transaction& tx, const UpgradeRequest& request,
                                 base::Time now) const;

  /// The same, after the fact: another provider holds the credentials and has cleared the guest day
  /// there. No mail is sent from here and nobody's standing is asked, because it has happened. True
  /// if it was news; an account stays as it is, and so does a guest whose merge is open.
  bool note_upgrade(store::Transaction& tx, const UpgradeElsewhere& upgrade, base::Time now) const;

  /// Requests the merge of a guest into an account: the merge row, the source's sessions and tokens
  /// dead, one event to each application that holds data. Without any, the merge is done at once.
  /// An account may be the source only if `upgraded_in` is the living session in which it was
  /// upgraded and it has no proved or asserted login name. Errors: gone `guest_gone`; conflict
  /// `merging` (another target, or guests are being merged into the source), `not_a_guest`,
  /// `same_user`, `target_unusable`. The same pair again gives the same merge, also when it is
  /// done.
  base::Result<Merge> request_merge(store::Transaction& tx, base::UserId source,
                                    base::UserId target, base::Time now,
                                    std::optional<base::SessionId> upgraded_in = {}) const;

  /// An application has taken the data over. The last one's word deletes the guest, writes the
  /// alias and tells `guest.merged`. Idempotent; not_found `unknown_merge`, conflict
  /// `merge_abandoned`.
  base::Result<Merge> acknowledge(store::Transaction& tx, base::MergeId merge,
                                  std::string_view application, base::Time now) const;

  /// Applications whose word is waited for and that no longer hold data by the configuration count
  /// as having acknowledged, so that a removed one blocks no merge for ever. Returns how many waits
  /// were released. Runs at start, after the configuration was read.
  int release_waits_of_unknown(store::Transaction& tx, base::Time now) const;

  /// Purges those of `candidates` that are guests whose guest day and last activity are both before
  /// `cutoff`, by a statement that tests guest day, activity and the absence of an open merge in
  /// this transaction. Returns how many. purge.h finds candidates.
  int purge(store::Transaction& tx, std::span<const base::UserId> candidates, base::Time cutoff,
            base::Time now) const;

  /// Erases one user at once: every row that names it, a tombstone, the event (`guest.purged` for
  /// a guest, `user.deleted` for an account). `user` was loaded in this transaction. Conflict
  /// `merging` while a merge of it or into it is open.
  base::Result<void> erase(store::Transaction& tx, const accounts::User& user, EraseReason reason,
                           base::Time now) const;

 private:
  accounts::User insert_guest(store::Transaction& tx, const Authority& authority, base::UserId id,
                              base::Time now) const;
  base::Result<Provisioned> existing(store::Transaction& tx, const sessions::Session& session,
                                     base::Time now) const;
  base::Result<Merge> open_merge(store::Transaction& tx, const accounts::User& source,
                                 const accounts::User& target, base::Time now) const;
  Merge finish(store::Transaction& tx, Merge merge, base::Time now) const;
  void erase_rows(store::Transaction& tx, std::span<const accounts::User> users, EraseReason reason,
                  base::Time now) const;

  accounts::UserIds& ids_;
  const sessions::Sessions& sessions_;
  const events::Outbox& outbox_;
  base::Random& random_;
  MergeOptions merge_options_;
  ErasureListener on_erasure_;
};

}  // namespace vestibule::guests
