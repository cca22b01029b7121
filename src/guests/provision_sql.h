#pragma once

#include "store/statement.h"

namespace vestibule::guests::sql {

// A key that is older than its lifetime counts as absent and is taken over.
inline constexpr store::Statement claim_key{
    "idempotency.claim",
    "insert into idempotency (caller_id, key_hash, body_hash, user_id, created_at)"
    " values ($1, $2, $3, $4, $5) on conflict (caller_id, key_hash) do update set"
    " body_hash = excluded.body_hash, user_id = excluded.user_id,"
    " created_at = excluded.created_at where idempotency.created_at <= $6"};

inline constexpr store::Statement find_key{
    "idempotency.find",
    "select body_hash, user_id from idempotency where caller_id = $1 and key_hash = $2"};

inline constexpr store::Statement delete_old_keys{
    "idempotency.delete_old",
    "delete from idempotency where (caller_id, key_hash) in ("
    "select caller_id, key_hash from idempotency where created_at <= $1"
    " order by created_at limit $2)"};

}  // namespace vestibule::guests::sql
