#include "remote/tasks.h"

#include <stdexcept>

#include "remote/tasks_sql.h"

namespace vestibule::remote {
namespace {

constexpr std::string_view purpose = "remote-task";
/// As long as any day's key can be made again; an unfinished task is not forgotten.
constexpr base::Milliseconds longest_age{400LL * 24 * 3600 * 1000};

}  // namespace

std::string Tasks::seal(const Task& task, base::Time now) const {
  return sealer_.seal(purpose, task.subject, task.document, now);
}

Task Tasks::read(const store::Rows& rows, base::Time now) const {
  Task task;
  task.subject = rows.text(0);
  task.kind = static_cast<TaskKind>(rows.integer(1));
  task.step = static_cast<int>(rows.integer(2));
  task.user = rows.optional_id<base::UserId>(3);
  auto document = sealer_.open(purpose, task.subject, rows.text(4), now, longest_age);
  if (!document)
    throw std::runtime_error("a remote task was sealed with another master key, or is too old");
  task.document = std::move(*document);
  task.fence = rows.integer(5);
  task.attempts = static_cast<int>(rows.integer(6));
  task.created_at = rows.time(7);
  task.due_at = rows.time(8);
  return task;
}

bool Tasks::insert(store::Transaction& tx, Task& task, base::Time now) const {
  task.fence = 1;
  task.attempts = 0;
  task.created_at = now;
  return tx.execute(sql::insert_task, task.subject, static_cast<int>(task.kind), task.step,
                    task.user, seal(task, now), now, task.due_at) == 1;
}

bool Tasks::begin(store::Transaction& tx, Task& task, base::Time now) const {
  task.due_at = now + lease_;
  return insert(tx, task, now);
}

bool Tasks::leave_for_later(store::Transaction& tx, Task& task, base::Time now) const {
  task.due_at = now;
  return insert(tx, task, now);
}

std::optional<Task> Tasks::find(store::Transaction& tx, const std::string& subject,
                                base::Time now) const {
  auto rows = tx.query(sql::find_task, subject);
  if (!rows.next()) return std::nullopt;
  return read(rows, now);
}

std::optional<Task> Tasks::take(store::Transaction& tx, const std::string& subject,
                                base::Time now) const {
  auto rows = tx.query(sql::take_task, subject, now, now + lease_);
  if (!rows.next()) return std::nullopt;
  return read(rows, now);
}

bool Tasks::take_over(store::Transaction& tx, Task& task, base::Time now) const {
  const auto due = now + lease_;
  const auto changed =
      tx.execute(sql::take_over_task, task.subject, task.fence, static_cast<int>(task.kind),
                 task.step, task.user, seal(task, now), due);
  if (changed != 1) return false;
  ++task.fence;
  task.attempts = 0;
  task.due_at = due;
  return true;
}

bool Tasks::save(store::Transaction& tx, Task& task, base::Time due_at, base::Time now) const {
  const auto changed = tx.execute(sql::save_task, task.subject, task.fence, task.step,
                                  task.attempts, seal(task, now), due_at);
  if (changed != 1) return false;
  task.due_at = due_at;
  return true;
}

bool Tasks::finish(store::Transaction& tx, const Task& task) {
  return tx.execute(sql::delete_task, task.subject, task.fence) == 1;
}

std::vector<std::string> Tasks::list_due(store::Transaction& tx, base::Time now, int limit) {
  std::vector<std::string> subjects;
  auto rows = tx.query(sql::due_tasks, now, limit);
  while (rows.next()) subjects.emplace_back(rows.text(0));
  return subjects;
}

std::int64_t Tasks::count(store::Transaction& tx) {
  auto rows = tx.query(sql::count_tasks);
  rows.next();
  return rows.integer(0);
}

}  // namespace vestibule::remote
