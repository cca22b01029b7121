#pragma once

#include "events/deliveries_sql.h"

// An empty application, a negative state and a user of 0 ask for all.
#define VESTIBULE_DELIVERY_FILTER                                               \
  " from outbox where (application = $1 or $1 = '') and (state = $2 or $2 < 0)" \
  " and (user_id = $3 or $3 = 0) and created_at >= $4 and created_at < $5"

namespace vestibule::events::sql {

inline constexpr store::Statement list_deliveries{
    "outbox.list",
    "select " VESTIBULE_DELIVERY_COLUMNS VESTIBULE_DELIVERY_FILTER " order by id desc limit $6"};

inline constexpr store::Statement list_replayable{
    "outbox.replayable",
    "select id" VESTIBULE_DELIVERY_FILTER " and state > 0 and id > $6 order by id limit $7"};

inline constexpr store::Statement replay_delivery{
    "outbox.replay",
    "update outbox set state = 0, attempts = 0, due_at = $2, replayed_at = $2, leased_until = 0"
    " where id = $1 and state > 0"};

inline constexpr store::Statement forget_deliveries{
    "outbox.forget",
    "delete from outbox where id in (select id from outbox where application = $1 and state = $2"
    " and due_at < $3 order by due_at limit $4)"};

inline constexpr store::Statement count_deliveries{
    "outbox.count", "select count(*) from outbox where application = $1 and state = $2"};

// Of a long queue only its head, because this is asked every few seconds.
inline constexpr store::Statement waiting_since{
    "outbox.waiting_since",
    "select min(since) from (select coalesce(replayed_at, created_at) as since from outbox"
    " where application = $1 and state = 0 order by due_at limit 1000) as head"};

}  // namespace vestibule::events::sql
