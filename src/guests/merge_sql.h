#pragma once

#include "store/statement.h"

namespace vestibule::guests::sql {

inline constexpr store::Statement insert_merge{
    "merges.insert",
    "insert into merges (id, source_id, target_id, source_subject, target_subject, state,"
    " requested_at, deadline_at) values ($1, $2, $3, $4, $5, 1, $6, $7)"};

inline constexpr store::Statement find_merge{
    "merges.find",
    "select id, source_id, target_id, source_subject, target_subject, state, requested_at,"
    " deadline_at, finished_at from merges where id = $1"};

inline constexpr store::Statement merges_of_source{
    "merges.of_source",
    "select id, source_id, target_id, source_subject, target_subject, state, requested_at,"
    " deadline_at, finished_at from merges where source_id = $1 order by requested_at desc"};

inline constexpr store::Statement open_merges{
    "merges.open",
    "select id, source_id, target_id, source_subject, target_subject, state, requested_at,"
    " deadline_at, finished_at from merges where state < 3 order by requested_at, id limit $1"};

inline constexpr store::Statement open_merges_of_application{
    "merges.open_of_application",
    "select id, source_id, target_id, source_subject, target_subject, state, requested_at,"
    " deadline_at, finished_at from merges where state < 3 and exists ("
    "select 1 from merge_waits where merge_id = merges.id and application = $1)"
    " order by requested_at, id limit $2"};

inline constexpr store::Statement open_merge_into{
    "merges.open_into", "select 1 from merges where target_id = $1 and state < 3"};

inline constexpr store::Statement mark_stalled{
    "merges.mark_stalled",
    "update merges set state = 2 where state < 3 and state = 1 and deadline_at <= $1"};

inline constexpr store::Statement count_stalled{
    "merges.count_stalled", "select count(*) from merges where state < 3 and state = 2"};

inline constexpr store::Statement finish_merge{
    "merges.finish", "update merges set state = 3, finished_at = $2 where id = $1 and state < 3"};

inline constexpr store::Statement old_merges{
    "merges.old", "select id from merges where state >= 3 and finished_at < $1 limit $2"};

inline constexpr store::Statement delete_alias_of_merge{
    "aliases.delete_of_merge",
    "delete from aliases where old_subject = (select source_subject from merges where id = $1)"};

inline constexpr store::Statement delete_merge{"merges.delete",
                                               "delete from merges where id = $1 and state >= 3"};

inline constexpr store::Statement mark_merging{
    "users.mark_merging", "update users set merge_id = $2 where id = $1 and merge_id is null"};

// A user name or a proved address: accounts::NameKind.
inline constexpr store::Statement sign_in_name{
    "directory.sign_in_name", "select 1 from directory where user_id = $1 and kind in (1, 2)"};

inline constexpr store::Statement insert_wait{
    "merge_waits.insert", "insert into merge_waits (merge_id, application) values ($1, $2)"};

inline constexpr store::Statement delete_wait{
    "merge_waits.delete", "delete from merge_waits where merge_id = $1 and application = $2"};

inline constexpr store::Statement waits_of_merge{
    "merge_waits.of_merge", "select application from merge_waits where merge_id = $1"};

inline constexpr store::Statement all_waits{"merge_waits.all",
                                            "select merge_id, application from merge_waits"};

inline constexpr store::Statement insert_alias{
    "aliases.insert",
    "insert into aliases (old_subject, new_subject, merged_at) values ($1, $2, $3)"
    " on conflict (old_subject) do nothing"};

inline constexpr store::Statement find_alias{
    "aliases.find", "select new_subject from aliases where old_subject = $1"};

}  // namespace vestibule::guests::sql
