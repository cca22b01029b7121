#pragma once

#include "store/statement.h"

namespace vestibule::events::sql {

// The order per user: a row is passed over while an older one of the same application and user
// waits; a dead one does not stop the others.
inline constexpr store::Statement due_deliveries{
    "outbox.due",
    "select o.id, o.application, o.user_id, o.type, o.payload, o.created_at, o.due_at, o.attempts,"
    " o.state, o.last_error from outbox o"
    " where o.application = $1 and o.state = 0 and o.due_at <= $2 and not exists ("
    "select 1 from outbox p where p.application = o.application and p.user_id = o.user_id"
    " and p.state = 0 and p.id < o.id) order by o.due_at, o.id limit $3"};

inline constexpr store::Statement next_due{
    "outbox.next_due",
    "select min(due_at) from outbox where application = $1 and state = 0 and due_at > $2"};

inline constexpr store::Statement delete_delivery{"outbox.delete",
                                                  "delete from outbox where id = $1"};

inline constexpr store::Statement delivery_failed{
    "outbox.failed",
    "update outbox set attempts = $2, due_at = $3, state = $4, last_error = $5 where id = $1"};

inline constexpr store::Statement delay_followers{
    "outbox.delay_followers",
    "update outbox set due_at = $4 where application = $1 and user_id = $2 and id > $3"
    " and state = 0 and due_at < $4"};

inline constexpr store::Statement dead_deliveries{
    "outbox.dead",
    "select id, application, user_id, type, payload, created_at, due_at, attempts, state,"
    " last_error from outbox where application = $1 and state = 1 and id > $2 order by id"
    " limit $3"};

inline constexpr store::Statement replay_delivery{
    "outbox.replay",
    "update outbox set state = 0, attempts = 0, due_at = $2, created_at = $2"
    " where id = $1 and state = 1"};

inline constexpr store::Statement forget_dead{
    "outbox.forget_dead",
    "delete from outbox where id in (select id from outbox where application = $1 and state = 1"
    " and due_at < $2 limit $3)"};

inline constexpr store::Statement count_waiting{
    "outbox.count", "select count(*) from outbox where application = $1 and state = $2"};

}  // namespace vestibule::events::sql
