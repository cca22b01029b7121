#pragma once

#include "store/statement.h"

namespace vestibule::guests::sql {

// $1 is the first day that is too young, $2 the cutoff of the last activity.
inline constexpr store::Statement purgeable{
    "users.purgeable",
    "select id, guest_day from users where guest_day >= $3 and guest_day < $1"
    " and (guest_day > $3 or id > $4) and active_at < $2 and merge_id is null"
    " order by guest_day, id limit $5"};

inline constexpr store::Statement count_purgeable{
    "users.count_purgeable",
    "select count(*) from users where guest_day < $1 and active_at < $2 and merge_id is null"};

inline constexpr store::Statement count_users{"users.count", "select count(*) from users"};

// Invariant 3: the tests stand in the statement that deletes.
inline constexpr store::Statement purge_users{
    "users.purge",
    "delete from users where id in ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,"
    " $17, $18) and guest_day is not null and guest_day < $1 and active_at < $2"
    " and merge_id is null returning id, organization_id, subject, username, email"};

}  // namespace vestibule::guests::sql
