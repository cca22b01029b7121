#include <algorithm>

#include "events/audit.h"
#include "guests/erasures.h"
#include "guests/guests.h"
#include "guests/hold.h"
#include "guests/merge_parts.h"
#include "guests/merge_sql.h"
#include "guests/merges.h"

namespace vestibule::guests {

using base::ErrorKind;
using base::fail;

namespace {

/// Positive and unpredictable: applications see merge ids and acknowledge by them.
base::MergeId new_merge_id(base::Random& random) {
  std::uint64_t value = 0;
  for (const auto byte : base::random_bytes(random, 8)) {
    value = value << 8 | static_cast<unsigned char>(byte);
  }
  return {static_cast<std::int64_t>(value >> 1)};
}

bool can_be_target(const std::optional<accounts::User>& user) {
  return user && user->kind == accounts::UserKind::human &&
         user->state == accounts::UserState::active &&
         user->standing() == accounts::Standing::account;
}

/// design.md section 4, "Merge": an account without any proved or asserted login name that this
/// same session upgraded.
bool is_fresh_account(store::Transaction& tx, const accounts::User& user,
                      const std::optional<sessions::Session>& session) {
  return session && session->user == user.id && user.upgraded_at &&
         session->created_at == *user.upgraded_at && !user.email_verified() &&
         !tx.query(sql::sign_in_name, user.id).next();
}

}  // namespace

base::Result<Merge> Guests::request_merge(store::Transaction& tx, base::UserId source_id,
                                          base::UserId target_id, base::Time now,
                                          std::optional<base::SessionId> upgraded_in) const {
  if (source_id == target_id) {
    return fail(ErrorKind::conflict, "same_user", "a user is not merged into itself");
  }
  const auto source = accounts::find_user(tx, source_id);
  if (!source || source->standing() == accounts::Standing::merging) {
    auto merge = find_merge_of(tx, source_id);
    const bool given_up = merge && merge->state == MergeState::abandoned;
    if (merge && !given_up && merge->target == target_id) return *std::move(merge);
    if (!source) return fail(ErrorKind::gone, "guest_gone", "the guest has been deleted");
    return fail(ErrorKind::conflict, "merging", "the guest is being merged into another account");
  }
  if (source->standing() == accounts::Standing::account) {
    const auto session = upgraded_in ? sessions_.find(tx, *upgraded_in, now) : std::nullopt;
    if (!is_fresh_account(tx, *source, session)) {
      return fail(ErrorKind::conflict, "not_a_guest", "only a guest is merged into an account");
    }
    if (is_merge_target(tx, source_id)) {
      return fail(ErrorKind::conflict, "merging", "a guest is being merged into this account");
    }
  }
  const auto target = accounts::find_user(tx, target_id);
  if (!can_be_target(target)) {
    return fail(ErrorKind::conflict, "target_unusable",
                "guests are merged into active accounts only");
  }
  return open_merge(tx, *source, *target, now);
}

base::Result<Merge> Guests::open_merge(store::Transaction& tx, const accounts::User& source,
                                       const accounts::User& target, base::Time now) const {
  Merge merge{.id = new_merge_id(random_),
              .source = source.id,
              .target = target.id,
              .source_subject = source.subject(),
              .target_subject = target.subject(),
              .requested_at = now,
              .deadline_at = now + merge_options_.deadline};
  const auto holders = outbox_.holders();
  insert_merge(tx, merge, holders);
  // Before the webhook leaves, nobody can act as the source any more.
  accounts::change_standing(tx, sessions_, source.id, now);
  events::record(tx,
                 {.type = events::guest_merge_requested,
                  .user = target.id,
                  .detail = base::to_string(merge.id)},
                 now);
  outbox_.add(tx, events::guest_merge_requested, source.id,
              {{"merge_id", base::to_string(merge.id)},
               {"source_sub", merge.source_subject},
               {"target_sub", merge.target_subject}},
              now);
  return holders.empty() && !held_since(tx) ? finish(tx, std::move(merge), now) : merge;
}

base::Result<Merge> Guests::acknowledge(store::Transaction& tx, base::MergeId id,
                                        std::string_view application, base::Time now) const {
  auto merge = find_merge(tx, id);
  if (!merge) return fail(ErrorKind::not_found, "unknown_merge", "there is no such merge");
  if (merge->state == MergeState::abandoned) {
    return fail(ErrorKind::conflict, "merge_abandoned", "the merge was given up by an operator");
  }
  if (!merge->is_open()) return *std::move(merge);
  tx.execute(sql::acknowledge_part, id, application, now);
  outbox_.withdraw_merge_request(tx, application, merge->source);
  if (tx.query(sql::waiting_part, id).next() || held_since(tx)) return *std::move(merge);
  return finish(tx, *std::move(merge), now);
}

Merge Guests::finish(store::Transaction& tx, Merge merge, base::Time now) const {
  const auto source = accounts::find_user(tx, merge.source);
  if (!source || source->merge != merge.id) {
    throw std::logic_error("the source of an open merge is gone");
  }
  ErasedByMerge left{
      .merge = merge.id, .target = merge.target, .target_subject = merge.target_subject};
  for (auto& part : list_parts(tx, merge.id)) left.applications.push_back(part.application);
  note_merged(tx, *source, to_string(EraseReason::merged), left, now);
  erase_rows(tx, {&*source, 1}, EraseReason::merged, now);
  tx.execute(sql::insert_alias, merge.source_subject, merge.target_subject, now, merge.id);
  tx.execute(sql::finish_merge, merge.id, now);
  merge.state = MergeState::done;
  merge.finished_at = now;
  events::record(
      tx, {.type = events::guest_merged, .user = merge.target, .detail = base::to_string(merge.id)},
      now);
  outbox_.add(tx, events::guest_merged, merge.source,
              {{"merge_id", base::to_string(merge.id)},
               {"source_sub", merge.source_subject},
               {"target_sub", merge.target_subject}},
              now);
  return merge;
}

int Guests::release_waits_of_unknown(store::Transaction& tx, base::Time now) const {
  const auto holders = outbox_.holders();
  std::vector<std::pair<base::MergeId, std::string>> unknown;
  {
    auto rows = tx.query(sql::all_waiting_parts);
    while (rows.next()) {
      if (std::ranges::find(holders, rows.text(1)) == holders.end()) {
        unknown.emplace_back(rows.id<base::MergeId>(0), rows.text(1));
      }
    }
  }
  for (const auto& [merge, application] : unknown) {
    if (!acknowledge(tx, merge, application, now)) {
      throw std::logic_error("an application is waited for in a merge that is not there");
    }
  }
  return static_cast<int>(unknown.size());
}

}  // namespace vestibule::guests
