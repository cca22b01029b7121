#include "remote/session_tokens.h"

#include <algorithm>
#include <string>

namespace vestibule::remote {
namespace {

constexpr std::string_view purpose = "remote-tokens";
/// Of the longest session.
constexpr base::Milliseconds longest_age{400LL * 24 * 3600 * 1000};
/// A token that claims to live longer is renewed all the same.
constexpr base::Seconds longest_life{24 * 3600};

const store::Statement put_tokens{
    "remote_tokens.put",
    "insert into remote_tokens (session_id, access_token, expires_at, refresh_token, id_token)"
    " values ($1, $2, $3, $4, $5) on conflict (session_id) do update set"
    " access_token = excluded.access_token, expires_at = excluded.expires_at,"
    " refresh_token = excluded.refresh_token, id_token = excluded.id_token"};
const store::Statement find_tokens{
    "remote_tokens.find",
    "select access_token, expires_at, refresh_token, id_token from remote_tokens"
    " where session_id = $1"};
const store::Statement delete_ended{
    "remote_tokens.delete_ended",
    "delete from remote_tokens where session_id in (select session_id from remote_tokens where"
    " not exists (select 1 from sessions where sessions.id = remote_tokens.session_id) limit $1)"};

}  // namespace

SessionTokens SessionTokens::of(const Tokens& tokens, base::Time now) {
  const base::Seconds life{std::clamp<std::int64_t>(tokens.expires_in, 0, longest_life.count())};
  return {tokens.access_token, now + life, tokens.refresh_token, tokens.id_token};
}

void SessionTokenStore::put(store::Transaction& tx, const base::SessionId& session,
                            const SessionTokens& tokens, base::Time now) const {
  const auto seal = [&](const base::Secret& token) {
    return sealer_.seal(purpose, session.view(), token.reveal(), now);
  };
  const auto seal_optional = [&](const std::optional<base::Secret>& token) {
    return token ? std::optional(seal(*token)) : std::nullopt;
  };
  tx.execute(put_tokens, session, seal(tokens.access_token), tokens.expires_at,
             seal_optional(tokens.refresh_token), seal_optional(tokens.id_token));
}

std::optional<SessionTokens> SessionTokenStore::find(store::Transaction& tx,
                                                     const base::SessionId& session,
                                                     base::Time now) const {
  auto rows = tx.query(find_tokens, session);
  if (!rows.next()) return std::nullopt;
  const auto open = [&](int column) -> std::optional<base::Secret> {
    if (rows.is_null(column)) return std::nullopt;
    auto token = sealer_.open(purpose, session.view(), rows.text(column), now, longest_age);
    return token ? std::optional(base::Secret(std::move(*token))) : std::nullopt;
  };
  auto access = open(0);
  if (!access) return std::nullopt;
  return SessionTokens{std::move(*access), rows.time(1), open(2), open(3)};
}

std::int64_t SessionTokenStore::forget_ended(store::Transaction& tx, int limit) {
  return tx.execute(delete_ended, limit);
}

}  // namespace vestibule::remote
