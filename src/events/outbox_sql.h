#pragma once

#include "store/statement.h"

namespace vestibule::events::sql {

// `+ 0` keeps planners from walking everything that waits for the application instead of the few
// rows of the user.
inline constexpr store::Statement insert_outbox{
    "outbox.insert",
    "insert into outbox (application, user_id, type, payload, created_at, due_at)"
    " values ($1, $2, $3, $4, $5, coalesce((select max(due_at) from outbox"
    " where application = $1 and user_id = $2 and state + 0 = 0 and due_at + 0 > $5), $5))"};

// Delivered rows stay, as a record.
inline constexpr store::Statement withdraw_outbox{
    "outbox.withdraw",
    "delete from outbox where application = $1 and user_id = $2 and type = $3 and state + 0 < 2"};

// Asked for one after the other, each is one step in the index; `distinct` would walk all of it.
inline constexpr store::Statement next_application{
    "outbox.next_application", "select min(application) from outbox where application > $1"};

inline constexpr store::Statement delete_outbox_of_application{
    "outbox.delete_of_application", "delete from outbox where application = $1"};

}  // namespace vestibule::events::sql
