#pragma once

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

/// Tokens revoked one by one (RFC 7009), remembered until they expire.
void revoke_token(store::Transaction& tx, std::string_view jti, base::Time expires_at);
bool is_token_revoked(store::Transaction& tx, std::string_view jti);

}  // namespace vestibule::sessions
