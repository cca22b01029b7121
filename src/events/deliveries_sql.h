#pragma once

#include "store/statement.h"

// The columns of read_delivery, in its order.
#define VESTIBULE_DELIVERY_COLUMNS                                                            \
  "id, application, user_id, type, payload, created_at, due_at, attempts, state, last_error," \
  " leased_until, replayed_at, delivered_at"

// Rows that may be sent at $2. The order per user: a row is passed over while an older one of the
// same application and user waits, leased or not; a dead one does not stop the others. A lease that
// ends after $3 is longer than any can be: it was made by a clock that has been set back since.
#define VESTIBULE_DUE                                                           \
  " from outbox o where o.application = $1 and o.state = 0 and o.due_at <= $2"  \
  " and (o.leased_until <= $2 or o.leased_until > $3)"                          \
  " and not exists (select 1 from outbox p where p.application = o.application" \
  " and p.user_id = o.user_id and p.state = 0 and p.id < o.id) order by o.due_at, o.id limit $4"

namespace vestibule::events::sql {

inline constexpr store::Statement due_deliveries{
    "outbox.due", "select " VESTIBULE_DELIVERY_COLUMNS VESTIBULE_DUE};

// The outer condition again, for the process that waited for another's claim of the same row.
inline constexpr store::Statement claim_deliveries{
    "outbox.claim", "update outbox set leased_until = $5 where id in (select o.id" VESTIBULE_DUE
                    ") and state = 0 and (leased_until <= $2 or leased_until > $3)"
                    " returning " VESTIBULE_DELIVERY_COLUMNS};

inline constexpr store::Statement next_due{
    "outbox.next_due",
    "select min(due_at) from outbox where application = $1 and state = 0 and due_at > $2"};

inline constexpr store::Statement give_back_delivery{
    "outbox.give_back", "update outbox set leased_until = 0 where id = $1 and leased_until = $2"};

inline constexpr store::Statement void_leases{
    "outbox.void_leases",
    "update outbox set leased_until = 0 where application = $1 and state = 0 and leased_until > 0"};

inline constexpr store::Statement delete_delivery{"outbox.delete",
                                                  "delete from outbox where id = $1"};

inline constexpr store::Statement delivery_delivered{
    "outbox.delivered",
    "update outbox set state = 2, delivered_at = $2, due_at = $2, leased_until = 0,"
    " attempts = attempts + 1, last_error = null where id = $1"};

inline constexpr store::Statement delivery_failed{
    "outbox.failed",
    "update outbox set attempts = $3, due_at = $4, state = $5, last_error = $6, leased_until = 0"
    " where id = $1 and leased_until = $2 and state = 0"};

inline constexpr store::Statement delay_followers{
    "outbox.delay_followers",
    "update outbox set due_at = $4 where application = $1 and user_id = $2 and id > $3"
    " and state = 0 and due_at < $4"};

inline constexpr store::Statement hasten{
    "outbox.hasten",
    "update outbox set due_at = $2 where id in (select id from outbox where application = $1"
    " and state = 0 and due_at > $2 order by due_at, id limit $3)"};

}  // namespace vestibule::events::sql
