#include "guests/merges.h"

#include "guests/merge_sql.h"

namespace vestibule::guests {
namespace {

Merge read_merge(const store::Rows& rows) {
  return {.id = rows.id<base::MergeId>(0),
          .source = rows.id<base::UserId>(1),
          .target = rows.id<base::UserId>(2),
          .source_subject = std::string(rows.text(3)),
          .target_subject = std::string(rows.text(4)),
          .state = static_cast<MergeState>(rows.integer(5)),
          .requested_at = rows.time(6),
          .deadline_at = rows.time(7),
          .finished_at = rows.optional_time(8),
          .reason = rows.optional_text(9)};
}

std::optional<Merge> read_one(store::Rows rows) {
  return rows.next() ? std::optional(read_merge(rows)) : std::nullopt;
}

std::vector<Merge> read_all(store::Rows rows) {
  std::vector<Merge> merges;
  while (rows.next()) merges.push_back(read_merge(rows));
  return merges;
}

}  // namespace

std::string_view to_string(MergeState state) {
  switch (state) {
    case MergeState::requested:
      return "requested";
    case MergeState::stalled:
      return "stalled";
    case MergeState::done:
      return "done";
    case MergeState::abandoned:
      return "abandoned";
  }
  throw std::logic_error("no such state of a merge");
}

std::optional<Merge> find_merge(store::Transaction& tx, base::MergeId id) {
  return read_one(tx.query(sql::find_merge, id));
}

std::optional<Merge> find_merge_of(store::Transaction& tx, base::UserId source) {
  return read_one(tx.query(sql::merges_of_source, source));
}

std::vector<Merge> list_open_merges(store::Transaction& tx, std::string_view application,
                                    int limit) {
  if (application.empty()) return read_all(tx.query(sql::open_merges, limit));
  return read_all(tx.query(sql::open_merges_of_application, application, limit));
}

std::vector<Merge> list_merges(store::Transaction& tx, std::optional<MergeState> state, int limit) {
  if (!state) return read_all(tx.query(sql::all_merges, limit));
  return read_all(tx.query(sql::merges_in_state, static_cast<int>(*state), limit));
}

void insert_merge(store::Transaction& tx, const Merge& merge,
                  const std::vector<std::string>& holders) {
  tx.execute(sql::insert_merge, merge.id, merge.source, merge.target, merge.source_subject,
             merge.target_subject, merge.requested_at, merge.deadline_at);
  for (const auto& application : holders) {
    tx.execute(sql::insert_part, merge.id, application, merge.requested_at);
  }
  if (tx.execute(sql::mark_merging, merge.source, merge.id) != 1) {
    throw std::logic_error("the source of a new merge is gone or merging");
  }
}

OpenMerges mark_stalled(store::Transaction& tx, base::Time now) {
  tx.execute(sql::mark_stalled, now);
  auto rows = tx.query(sql::count_open);
  rows.next();
  return {.open = static_cast<int>(rows.integer(0)),
          .stalled = static_cast<int>(rows.integer(1)),
          .oldest = rows.optional_time(2)};
}

bool is_merge_target(store::Transaction& tx, base::UserId user) {
  return tx.query(sql::open_merge_into, user).next();
}

std::optional<std::string> find_alias(store::Transaction& tx, std::string_view application,
                                      std::string_view old_subject) {
  std::optional<std::string> found;
  // A sub is never issued twice, so that a chain of merges has an end.
  for (auto subject = std::string(old_subject);;) {
    auto rows = tx.query(sql::find_alias, subject, application);
    if (!rows.next()) return found;
    subject = rows.text(0);
    found = subject;
  }
}

std::vector<base::MergeId> list_old_merges(store::Transaction& tx, base::Time before, int limit) {
  std::vector<base::MergeId> merges;
  auto rows = tx.query(sql::old_merges, before, limit);
  while (rows.next()) merges.push_back(rows.id<base::MergeId>(0));
  return merges;
}

void forget_merges(store::Transaction& tx, const std::vector<base::MergeId>& merges) {
  for (const auto id : merges) {
    tx.execute(sql::delete_alias_of_merge, id);
    tx.execute(sql::delete_parts_of_merge, id);
    tx.execute(sql::delete_merge, id);
  }
}

void forget_abandoned_merges(store::Transaction& tx, const accounts::UserGroup& sources) {
  sources.execute(tx, sql::forget_abandoned_parts);
  sources.execute(tx, sql::forget_abandoned);
}

}  // namespace vestibule::guests
