#pragma once

#include "store/statement.h"

/// The columns that accounts::read_user reads, in its order.
#define VESTIBULE_USER_COLUMNS                                                                    \
  "id, organization_id, kind, state, guest_day, merge_id, subject, username, given_name, "        \
  "family_name, display_name, nick_name, preferred_language, gender, email, email_state, phone, " \
  "phone_verified, sequence, created_at, changed_at, active_at, valid_after, upgraded_at, "       \
  "upgraded_by, password_changed_at, client_id"

namespace vestibule::accounts::sql {

inline constexpr store::Statement insert_user{
    "users.insert",
    "insert into users (" VESTIBULE_USER_COLUMNS
    ") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, "
    "$19, $20, $21, $22, $23, $24, $25, $26, $27)"};

inline constexpr store::Statement select_user{
    "users.find", "select " VESTIBULE_USER_COLUMNS " from users where id = $1"};

inline constexpr store::Statement select_asserted{
    "users.find_asserted",
    "select id from users where lower(email) = $1 and email is not null and email_state = 2 "
    "order by id limit 2"};

inline constexpr store::Statement select_username{"users.find_username",
                                                  "select username from users where id = $1"};

inline constexpr store::Statement id_was_used{
    "users.id_was_used",
    "select 1 from users where id = $1 union all select 1 from tombstones where id = $1"};

inline constexpr store::Statement highest_id{
    "users.highest_id",
    "select max(id) from (select max(id) as id from users union all "
    "select max(id) as id from tombstones) as ids"};

inline constexpr store::Statement update_user{
    "users.update",
    "update users set state = $2, username = $3, given_name = $4, family_name = $5, "
    "display_name = $6, nick_name = $7, preferred_language = $8, gender = $9, email = $10, "
    "email_state = $11, phone = $12, phone_verified = $13, changed_at = $14, "
    "sequence = sequence + 1 where id = $1 returning sequence"};

inline constexpr store::Statement become_account{
    "users.become_account",
    "update users set guest_day = null, upgraded_at = $2, upgraded_by = $3 where id = $1"};

inline constexpr store::Statement raise_valid_after{
    "users.raise_valid_after",
    "update users set valid_after = $2 where id = $1 and valid_after < $2"};

inline constexpr store::Statement touch{
    "users.touch", "update users set active_at = $2 where id = $1 and active_at < $3"};

inline constexpr store::Statement set_password_changed{
    "users.set_password_changed", "update users set password_changed_at = $2 where id = $1"};

inline constexpr store::Statement insert_tombstone{
    "tombstones.insert",
    "insert into tombstones (id, deleted_at, reason) values ($1, $2, $3) "
    "on conflict (id) do nothing"};

inline constexpr store::Statement select_tombstone{"tombstones.find",
                                                   "select 1 from tombstones where id = $1"};

}  // namespace vestibule::accounts::sql
