#pragma once

#include "store/id_group.h"
#include "store/statement.h"

namespace vestibule::guests::sql {

// $1 is the client (0: not known), $2 the first day that is too young, $3 the cutoff of the last
// activity.
//
// The walk has two statements, so that each finds its place in the index: what is left of the day
// at hand, then the days behind it.
inline constexpr store::Statement purgeable_of_day{
    "users.purgeable_of_day",
    "select id, guest_day from users where client_id = $1 and guest_day = $4 and id > $5"
    " and guest_day + 0 < $2 and active_at < $3 and merge_id is null order by id limit $6"};
inline constexpr store::Statement purgeable_after_day{
    "users.purgeable_after_day",
    "select id, guest_day from users where client_id = $1 and guest_day > $4 and guest_day < $2"
    " and active_at < $3 and merge_id is null order by guest_day, id limit $5"};

inline constexpr store::Statement count_purgeable{
    "users.count_purgeable",
    "select count(*) from users where client_id = $1 and guest_day < $2 and active_at < $3"
    " and merge_id is null"};

inline constexpr store::Statement next_guest_client{
    "users.next_guest_client",
    "select client_id from users where guest_day is not null and client_id > $1"
    " order by client_id limit 1"};

inline constexpr store::Statement count_users{"users.count", "select count(*) from users"};

// Invariant 3: the tests stand in the statement that deletes.
inline constexpr store::Statement purge_users{
    "users.purge", "delete from users where id in " VESTIBULE_ID_GROUP
                   " and guest_day is not null and guest_day < $33 and active_at < $34"
                   " and merge_id is null returning id, organization_id, subject, username, email"};

}  // namespace vestibule::guests::sql
