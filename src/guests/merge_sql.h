#pragma once

#include "store/id_group.h"
#include "store/statement.h"

#define VESTIBULE_MERGE_COLUMNS                                                    \
  "id, source_id, target_id, source_subject, target_subject, state, requested_at," \
  " deadline_at, finished_at, ended_by"

namespace vestibule::guests::sql {

inline constexpr store::Statement insert_merge{
    "merges.insert",
    "insert into merges (id, source_id, target_id, source_subject, target_subject, state,"
    " requested_at, deadline_at) values ($1, $2, $3, $4, $5, 1, $6, $7)"};

inline constexpr store::Statement find_merge{
    "merges.find", "select " VESTIBULE_MERGE_COLUMNS " from merges where id = $1"};

// At most one of them is open or done: it comes before those that were abandoned.
inline constexpr store::Statement merges_of_source{
    "merges.of_source", "select " VESTIBULE_MERGE_COLUMNS
                        " from merges where source_id = $1 order by state, requested_at desc"};

inline constexpr store::Statement all_merges{
    "merges.all",
    "select " VESTIBULE_MERGE_COLUMNS " from merges order by requested_at desc, id desc limit $1"};

inline constexpr store::Statement merges_in_state{
    "merges.in_state",
    "select " VESTIBULE_MERGE_COLUMNS
    " from merges where state = $1 order by requested_at desc, id desc limit $2"};

inline constexpr store::Statement open_merges{
    "merges.open", "select " VESTIBULE_MERGE_COLUMNS
                   " from merges where state < 3 order by requested_at, id limit $1"};

inline constexpr store::Statement open_merges_of_application{
    "merges.open_of_application",
    "select " VESTIBULE_MERGE_COLUMNS
    " from merges where state < 3 and exists ("
    "select 1 from merge_parts where merge_id = merges.id and application = $1"
    " and acknowledged_at is null)"
    " order by requested_at, id limit $2"};

inline constexpr store::Statement open_merge_into{
    "merges.open_into", "select 1 from merges where target_id = $1 and state < 3"};

inline constexpr store::Statement mark_stalled{
    "merges.mark_stalled",
    "update merges set state = 2 where state < 3 and state = 1 and deadline_at <= $1"};

inline constexpr store::Statement count_open{
    "merges.count_open",
    "select count(*), count(case when state = 2 then 1 end), min(requested_at) from merges"
    " where state < 3"};

inline constexpr store::Statement finish_merge{
    "merges.finish", "update merges set state = 3, finished_at = $2 where id = $1 and state < 3"};

inline constexpr store::Statement abandon_merge{
    "merges.abandon",
    "update merges set state = 4, finished_at = $2, ended_by = $3 where id = $1 and state < 3"};

inline constexpr store::Statement old_merges{
    "merges.old", "select id from merges where state >= 3 and finished_at < $1 limit $2"};

inline constexpr store::Statement delete_alias_of_merge{
    "aliases.delete_of_merge",
    "delete from aliases where old_subject = (select source_subject from merges"
    " where id = $1 and state = 3)"};

inline constexpr store::Statement delete_parts_of_merge{
    "merge_parts.delete_of_merge", "delete from merge_parts where merge_id = $1"};

inline constexpr store::Statement delete_merge{"merges.delete",
                                               "delete from merges where id = $1 and state >= 3"};

inline constexpr store::Statement mark_merging{
    "users.mark_merging", "update users set merge_id = $2 where id = $1 and merge_id is null"};

inline constexpr store::Statement unmark_merging{
    "users.unmark_merging", "update users set merge_id = null where id = $1 and merge_id = $2"};

inline constexpr store::Statement forget_abandoned_parts{
    "merge_parts.forget_abandoned",
    "delete from merge_parts where merge_id in (select id from merges where source_id "
    "in " VESTIBULE_ID_GROUP " and state = 4)"};

inline constexpr store::Statement forget_abandoned{
    "merges.forget_abandoned",
    "delete from merges where source_id in " VESTIBULE_ID_GROUP " and state = 4"};

// A user name or a proved address: accounts::NameKind.
inline constexpr store::Statement sign_in_name{
    "directory.sign_in_name", "select 1 from directory where user_id = $1 and kind in (1, 2)"};

inline constexpr store::Statement insert_part{
    "merge_parts.insert",
    "insert into merge_parts (merge_id, application, requested_at) values ($1, $2, $3)"};

inline constexpr store::Statement parts_of_merge{
    "merge_parts.of_merge",
    "select application, requested_at, delivered_at, acknowledged_at from merge_parts"
    " where merge_id = $1 order by application"};

inline constexpr store::Statement deliver_part{
    "merge_parts.deliver",
    "update merge_parts set delivered_at = $3"
    " where merge_id = $1 and application = $2 and delivered_at is null"};

inline constexpr store::Statement undelivered_part{
    "merge_parts.undelivered",
    "select 1 from merge_parts where merge_id = $1 and application = $2 and delivered_at is null"};

inline constexpr store::Statement acknowledge_part{
    "merge_parts.acknowledge",
    "update merge_parts set acknowledged_at = $3, delivered_at = coalesce(delivered_at, $3)"
    " where merge_id = $1 and application = $2 and acknowledged_at is null"};

inline constexpr store::Statement waiting_part{
    "merge_parts.waiting",
    "select 1 from merge_parts where merge_id = $1 and acknowledged_at is null"};

inline constexpr store::Statement all_waiting_parts{
    "merge_parts.all_waiting",
    "select merge_id, application from merge_parts where acknowledged_at is null"
    " and exists (select 1 from merges where id = merge_id and state < 3)"};

inline constexpr store::Statement insert_alias{
    "aliases.insert",
    "insert into aliases (old_subject, new_subject, merged_at, merge_id) values ($1, $2, $3, $4)"
    " on conflict (old_subject) do nothing"};

inline constexpr store::Statement find_alias{
    "aliases.find",
    "select new_subject from aliases where old_subject = $1 and exists ("
    "select 1 from merge_parts where merge_id = aliases.merge_id and application = $2)"};

}  // namespace vestibule::guests::sql
