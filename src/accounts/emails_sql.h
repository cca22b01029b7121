#pragma once

#include "store/statement.h"

namespace vestibule::accounts::sql {

// email_claims
inline constexpr store::Statement insert_claim{
    "email_claims.insert",
    "insert into email_claims (address_key, user_id, address, claimed_at, session_id) "
    "values ($1, $2, $3, $4, $5) on conflict (address_key, user_id) do update set "
    "address = excluded.address, claimed_at = excluded.claimed_at, "
    "session_id = excluded.session_id"};
inline constexpr store::Statement delete_claims_of_user{
    "email_claims.delete_user", "delete from email_claims where user_id = $1"};
inline constexpr store::Statement delete_claims_of_address{
    "email_claims.delete_address",
    "delete from email_claims where address_key = $1 returning user_id"};
inline constexpr store::Statement select_claims{
    "email_claims.list",
    "select user_id, address, claimed_at, session_id from email_claims where address_key = $1 "
    "order by claimed_at desc, user_id desc limit $2"};
inline constexpr store::Statement delete_old_claims{
    "email_claims.forget",
    "delete from email_claims where (address_key, user_id) in (select address_key, user_id "
    "from email_claims where claimed_at < $1 order by claimed_at limit $2) "
    "returning address_key, user_id"};

// directory: the proved address of a user
inline constexpr store::Statement select_proved_of_user{
    "directory.proved_of_user",
    "select name from directory where user_id = $1 and kind = 2 order by name limit 1"};
inline constexpr store::Statement release_other_proved{
    "directory.release_other_proved",
    "delete from directory where user_id = $1 and kind = 2 and name <> $2"};

// mail_links
inline constexpr store::Statement insert_link{
    "mail_links.insert",
    "insert into mail_links (token_hash, purpose, user_id, address_key, session_id, created_at, "
    "expires_at) values ($1, $2, $3, $4, $5, $6, $7)"};
inline constexpr store::Statement select_link{
    "mail_links.find",
    "select purpose, user_id, address_key, session_id, expires_at from mail_links "
    "where token_hash = $1 and expires_at > $2 and purpose in (1, 2)"};
// Single use: whoever deletes the row has the link.
inline constexpr store::Statement consume_link{
    "mail_links.consume",
    "delete from mail_links where token_hash = $1 and expires_at > $2 and purpose in (1, 2) "
    "returning purpose, user_id, address_key, session_id, expires_at"};
inline constexpr store::Statement select_recent_link{
    "mail_links.find_recent",
    "select 1 from mail_links where user_id = $1 and purpose = $2 and address_key = $3 "
    "and created_at > $4 limit 1"};
inline constexpr store::Statement delete_links_of_user{"mail_links.delete_user",
                                                       "delete from mail_links where user_id = $1"};
inline constexpr store::Statement delete_proof_links{
    "mail_links.delete_proofs", "delete from mail_links where user_id = $1 and purpose in (1, 3)"};
inline constexpr store::Statement delete_expired_links{
    "mail_links.delete_expired",
    "delete from mail_links where token_hash in (select token_hash from mail_links "
    "where expires_at <= $1 limit $2)"};

// mail_jobs
inline constexpr store::Statement insert_job{
    "mail_jobs.insert",
    "insert into mail_jobs (kind, user_id, address, address_key, session_id, created_at, due_at) "
    "values ($1, $2, $3, $4, $5, $6, $7)"};
inline constexpr store::Statement select_due_jobs{
    "mail_jobs.list_due",
    "select id from mail_jobs where due_at <= $1 order by due_at, id limit $2"};
// Whoever moves the time on has the job until then.
inline constexpr store::Statement claim_job{
    "mail_jobs.claim",
    "update mail_jobs set attempts = attempts + 1, due_at = $3 where id = $1 and due_at <= $2 "
    "returning id, kind, user_id, address, address_key, session_id, attempts"};
inline constexpr store::Statement reschedule_job{
    "mail_jobs.reschedule", "update mail_jobs set due_at = $3 where id = $1 and due_at = $2"};
inline constexpr store::Statement delete_leased_job{
    "mail_jobs.delete_leased", "delete from mail_jobs where id = $1 and due_at = $2"};
inline constexpr store::Statement postpone_job{
    "mail_jobs.postpone",
    "update mail_jobs set attempts = attempts + 1, due_at = $2 where id = $1"};
inline constexpr store::Statement select_attempts{"mail_jobs.attempts",
                                                  "select attempts from mail_jobs where id = $1"};
inline constexpr store::Statement delete_job{"mail_jobs.delete",
                                             "delete from mail_jobs where id = $1"};
inline constexpr store::Statement delete_jobs_of_user{"mail_jobs.delete_user",
                                                      "delete from mail_jobs where user_id = $1"};

// mail_log and mailbox
inline constexpr store::Statement count_log{
    "mail_log.count", "select count(*) from mail_log where address_key = $1 and sent_at > $2"};
inline constexpr store::Statement insert_log{
    "mail_log.insert",
    "insert into mail_log (address_key, sent_at, id) values ($1, $2, $3) "
    "on conflict (address_key, sent_at, id) do nothing"};
inline constexpr store::Statement delete_old_log{
    "mail_log.delete_expired",
    "delete from mail_log where (address_key, sent_at, id) in (select address_key, sent_at, id "
    "from mail_log where sent_at <= $1 limit $2)"};
inline constexpr store::Statement insert_mailbox{
    "mailbox.insert",
    "insert into mailbox (address, subject, body, sent_at) values ($1, $2, $3, $4)"};

}  // namespace vestibule::accounts::sql
