#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "store/transaction.h"

namespace vestibule::events {

/// One line of the audit log: who did what to whom. Written in the transaction of the change.
struct AuditEntry {
  /// A stable word: guest.provisioned, token.exchanged, session.renewed, guest.upgraded …
  std::string_view type;
  base::UserId user;                       ///< the subject
  std::optional<base::UserId> actor = {};  ///< on whose authority, if not the user's own
  std::optional<base::ClientId> client = {};
  std::string_view address = {};  ///< the client's network address, if known
  std::string_view detail = {};   ///< a short text without secrets
  std::string_view outcome = {};  ///< why it was refused, one stable word; empty: it was done
};

/// Whom a line is about that is about no user: a client, a key, the store.
inline constexpr base::UserId nobody{};

/// Appends to the audit log. One insert without a hash: sealing comes later (audit_sealer.h). What
/// may name a person, address and detail, gets a random salt each, under which it is committed to
/// and with which it can be forgotten. The salts are the system's own randomness whatever the
/// caller uses: a salt that can be made again is none.
void record(store::Transaction& tx, const AuditEntry& entry, base::Time now);

/// A line as it is read back.
struct AuditLine {
  std::int64_t id = 0;
  base::Time at;
  std::string type;
  std::optional<base::UserId> actor;
  std::optional<base::ClientId> client;
  std::string detail;
};

/// What happened to a user, oldest first, the newest `limit` lines.
std::vector<AuditLine> history(store::Transaction& tx, base::UserId user, int limit);

/// Forgets the addresses and details of all lines about the user, with their salts; the lines stay,
/// with commitments in the place of what is gone, so that the chain still fits.
void erase_details(store::Transaction& tx, base::UserId user);
/// The same for several users at once.
void erase_details(store::Transaction& tx, std::span<const base::UserId> users);

/// Forgets the network addresses of up to `limit` lines after the line `after` that are older than
/// `before`. Returns the last line that it looked at, which the next call begins after; the same
/// number again means that there is nothing more to forget now.
std::int64_t forget_addresses(store::Transaction& tx, std::int64_t after, base::Time before,
                              int limit);

}  // namespace vestibule::events
