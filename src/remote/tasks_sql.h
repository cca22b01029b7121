#pragma once

#include "store/statement.h"

namespace vestibule::remote::sql {

inline constexpr store::Statement insert_task{
    "remote_tasks.insert",
    "insert into remote_tasks (subject, kind, step, user_id, document, fence, attempts, created_at,"
    " due_at) values ($1, $2, $3, $4, $5, 1, 0, $6, $7) on conflict (subject) do nothing"};

inline constexpr store::Statement find_task{
    "remote_tasks.find",
    "select subject, kind, step, user_id, document, fence, attempts, created_at, due_at"
    " from remote_tasks where subject = $1"};

inline constexpr store::Statement take_task{
    "remote_tasks.take",
    "update remote_tasks set fence = fence + 1, due_at = $3 where subject = $1 and due_at <= $2"
    " returning subject, kind, step, user_id, document, fence, attempts, created_at, due_at"};

inline constexpr store::Statement take_over_task{
    "remote_tasks.take_over",
    "update remote_tasks set fence = fence + 1, kind = $3, step = $4, user_id = $5, document = $6,"
    " attempts = 0, due_at = $7 where subject = $1 and fence = $2"};

inline constexpr store::Statement save_task{
    "remote_tasks.save",
    "update remote_tasks set step = $3, attempts = $4, document = $5, due_at = $6"
    " where subject = $1 and fence = $2"};

inline constexpr store::Statement delete_task{
    "remote_tasks.delete", "delete from remote_tasks where subject = $1 and fence = $2"};

inline constexpr store::Statement due_tasks{
    "remote_tasks.due",
    "select subject from remote_tasks where due_at <= $1 order by due_at limit $2"};

inline constexpr store::Statement count_tasks{"remote_tasks.count",
                                              "select count(*) from remote_tasks"};

}  // namespace vestibule::remote::sql
