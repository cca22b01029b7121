#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "store/transaction.h"

namespace vestibule::sessions {

/// An authorization code's grant (RFC 6749 section 4.1.2). The code itself is never stored.
struct Code {
  base::ClientId client;
  base::UserId user;
  base::SessionId session;
  std::string redirect_uri;
  std::string scope;
  std::optional<std::string> nonce = {};
  std::optional<std::string> code_challenge = {};  ///< S256 (RFC 7636)
  base::Time auth_time;
  std::string amr;
  base::Time created_at;
  base::Time expires_at;
  std::string details = {};  ///< the owner's own document, kept as it is
};

void insert_code(store::Transaction& tx, std::string_view code, const Code& grant);

/// Consumes a code in one statement. A code that was redeemed before gives `replayed` and revokes
/// the refresh family that its redemption issued (RFC 9700 section 4.5); the transaction must be
/// kept for that to last.
enum class CodeOutcome { redeemed, replayed, unknown };
struct CodeResult {
  CodeOutcome outcome = CodeOutcome::unknown;
  std::optional<Code> grant;
};
CodeResult consume_code(store::Transaction& tx, std::string_view code, const base::Uuid& family,
                        base::Time now);

/// Forgets the user's codes, or only those of one of its sessions or for one client.
void erase_codes(store::Transaction& tx, base::UserId user);
void erase_codes(store::Transaction& tx, base::UserId user, base::ClientId client);
void erase_codes(store::Transaction& tx, base::UserId user, const base::SessionId& session);

/// How long a code is remembered after it expired, so that a late replay still revokes.
inline constexpr base::Milliseconds code_memory{24 * 3600 * 1000};
/// Deletes at most `limit` codes whose memory has ended; returns how many.
std::int64_t delete_expired_codes(store::Transaction& tx, base::Time now, int limit);

/// Tokens revoked one by one (RFC 7009), remembered until they expire.
void revoke_token(store::Transaction& tx, std::string_view jti, base::Time expires_at);
bool is_token_revoked(store::Transaction& tx, std::string_view jti);
/// Deletes at most `limit` revocations of tokens that have expired; returns how many.
std::int64_t delete_expired_revocations(store::Transaction& tx, base::Time now, int limit);

}  // namespace vestibule::sessions
