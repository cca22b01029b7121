#include "guests/erasures.h"

#include "base/text.h"

namespace vestibule::guests {
namespace {

const store::Statement insert{"erasures.insert",
                              "insert into erasures (user_id, subject, erased_at, reason) "
                              "values ($1, $2, $3, $4)"};
const store::Statement insert_merged{
    "erasures.insert_merged",
    "insert into erasures (user_id, subject, erased_at, reason, merge_id, target_id, "
    "target_subject, applications) values ($1, $2, $3, $4, $5, $6, $7, $8)"};
const store::Statement oldest{
    "erasures.oldest",
    "select sequence, user_id, subject, erased_at, reason, merge_id, target_id, target_subject, "
    "applications from erasures order by sequence limit $1"};
const store::Statement forget{"erasures.forget", "delete from erasures where sequence <= $1"};
const store::Statement count{"erasures.count", "select count(*), min(erased_at) from erasures"};

std::string join(const std::vector<std::string>& words) {
  std::string all;
  for (const auto& word : words) all += (all.empty() ? "" : " ") + word;
  return all;
}

}  // namespace

void note_erasures(store::Transaction& tx, std::span<const accounts::User> users,
                   std::string_view reason, base::Time now) {
  for (const auto& user : users) tx.execute(insert, user.id, user.chosen_subject, now, reason);
}

void note_merged(store::Transaction& tx, const accounts::User& user, std::string_view reason,
                 const ErasedByMerge& merge, base::Time now) {
  const auto applications = join(merge.applications);
  tx.execute(insert_merged, user.id, user.chosen_subject, now, reason, merge.merge, merge.target,
             merge.target_subject, applications);
}

std::vector<NumberedErasure> list_erasures(store::Transaction& tx, int limit) {
  std::vector<NumberedErasure> found;
  auto rows = tx.query(oldest, limit);
  while (rows.next()) {
    auto& [number, erasure] = found.emplace_back();
    number = rows.integer(0);
    erasure.user = rows.id<base::UserId>(1);
    erasure.chosen_subject = rows.optional_text(2);
    erasure.erased_at = rows.time(3);
    erasure.reason = rows.text(4);
    if (rows.is_null(5)) continue;
    erasure.merge = ErasedByMerge{.merge = rows.id<base::MergeId>(5),
                                  .target = rows.id<base::UserId>(6),
                                  .target_subject = std::string(rows.text(7)),
                                  .applications = base::split_words(rows.text(8))};
  }
  return found;
}

void forget_erasures(store::Transaction& tx, std::int64_t number) {
  tx.execute(forget, number);
}

WaitingErasures count_erasures(store::Transaction& tx) {
  auto rows = tx.query(count);
  rows.next();
  return {.count = rows.integer(0), .oldest = rows.optional_time(1)};
}

}  // namespace vestibule::guests
