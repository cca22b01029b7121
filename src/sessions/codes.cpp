#include "sessions/codes.h"

#include <utility>

#include "base/crypto.h"
#include "sessions/refresh.h"

namespace vestibule::sessions {
namespace {

const store::Statement insert_one{
    "codes.insert",
    "insert into authorization_codes (code_hash, client_id, user_id, session_id, redirect_uri, "
    "scope, nonce, code_challenge, auth_time, amr, created_at, expires_at, details) "
    "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"};

// One statement, so that of two redemptions at once exactly one gets the grant.
const store::Statement redeem_one{
    "codes.redeem",
    "update authorization_codes set redeemed_at = $2, family_id = $3 "
    "where code_hash = $1 and redeemed_at is null and expires_at > $2 "
    "returning client_id, user_id, session_id, redirect_uri, scope, nonce, code_challenge, "
    "auth_time, amr, created_at, expires_at, details"};

const store::Statement select_redeemed{
    "codes.find_redeemed",
    "select family_id from authorization_codes where code_hash = $1 and redeemed_at is not null"};

const store::Statement delete_of_user{"codes.erase_user",
                                      "delete from authorization_codes where user_id = $1"};
const store::Statement delete_of_session{
    "codes.erase_session",
    "delete from authorization_codes where user_id = $1 and session_id = $2"};
const store::Statement delete_of_client{
    "codes.erase_user_client",
    "delete from authorization_codes where user_id = $1 and client_id = $2"};
const store::Statement delete_expired{
    "codes.delete_expired",
    "delete from authorization_codes where code_hash in (select code_hash "
    "from authorization_codes where expires_at <= $1 limit $2)"};

const store::Statement insert_revoked{
    "revoked_tokens.insert",
    "insert into revoked_tokens (jti, expires_at) values ($1, $2) on conflict (jti) do nothing"};
const store::Statement select_revoked{"revoked_tokens.find",
                                      "select 1 from revoked_tokens where jti = $1"};
const store::Statement delete_expired_revoked{
    "revoked_tokens.delete_expired",
    "delete from revoked_tokens where jti in (select jti from revoked_tokens "
    "where expires_at <= $1 limit $2)"};

}  // namespace

void insert_code(store::Transaction& tx, std::string_view code, const Code& grant) {
  const std::string hash = base::sha256(code);
  tx.execute(insert_one, store::Blob{hash}, grant.client, grant.user, grant.session,
             grant.redirect_uri, grant.scope, grant.nonce, grant.code_challenge, grant.auth_time,
             grant.amr, grant.created_at, grant.expires_at, grant.details);
}

CodeResult consume_code(store::Transaction& tx, std::string_view code, const base::Uuid& family,
                        base::Time now) {
  const std::string hash = base::sha256(code);
  if (auto rows = tx.query(redeem_one, store::Blob{hash}, now, family); rows.next()) {
    return {CodeOutcome::redeemed, Code{.client = rows.id<base::ClientId>(0),
                                        .user = rows.id<base::UserId>(1),
                                        .session = rows.session_id(2),
                                        .redirect_uri = std::string(rows.text(3)),
                                        .scope = std::string(rows.text(4)),
                                        .nonce = rows.optional_text(5),
                                        .code_challenge = rows.optional_text(6),
                                        .auth_time = rows.time(7),
                                        .amr = std::string(rows.text(8)),
                                        .created_at = rows.time(9),
                                        .expires_at = rows.time(10),
                                        .details = std::string(rows.text(11))}};
  }
  std::optional<base::Uuid> issued;
  if (auto rows = tx.query(select_redeemed, store::Blob{hash}); rows.next()) {
    issued = rows.uuid(0);
  }
  if (!issued) return {};
  revoke_family(tx, *issued);
  return {CodeOutcome::replayed, std::nullopt};
}

void erase_codes(store::Transaction& tx, base::UserId user) {
  tx.execute(delete_of_user, user);
}

void erase_codes(store::Transaction& tx, base::UserId user, base::ClientId client) {
  tx.execute(delete_of_client, user, client);
}

void erase_codes(store::Transaction& tx, base::UserId user, const base::SessionId& session) {
  tx.execute(delete_of_session, user, session);
}

std::int64_t delete_expired_codes(store::Transaction& tx, base::Time now, int limit) {
  return tx.execute(delete_expired, now - code_memory, limit);
}

void revoke_token(store::Transaction& tx, std::string_view jti, base::Time expires_at) {
  tx.execute(insert_revoked, jti, expires_at);
}

bool is_token_revoked(store::Transaction& tx, std::string_view jti) {
  return tx.query(select_revoked, jti).next();
}

std::int64_t delete_expired_revocations(store::Transaction& tx, base::Time now, int limit) {
  return tx.execute(delete_expired_revoked, now, limit);
}

}  // namespace vestibule::sessions
