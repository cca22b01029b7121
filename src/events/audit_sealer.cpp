#include "events/audit_sealer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "events/audit_commitment.h"
#include "events/audit_restoration.h"
#include "events/audit_seal_sql.h"

namespace vestibule::events {

Sealer::Sealer(store::Store& store, base::Random& random, base::Secret key,
               std::filesystem::path head_file)
    : store_(store), random_(random), key_(std::move(key)), head_file_(std::move(head_file)) {}

std::int64_t Sealer::seal(base::Time now, const std::stop_token& stop) {
  const std::lock_guard lock(mutex_);
  if (!all_salted_) all_salted_ = salt_old_lines();
  std::int64_t sealed = 0;
  while (!stop.stop_requested()) {
    const auto some = seal_some(now);
    sealed += some;
    if (some < max_lines) break;
  }
  return sealed;
}

// Lines from before the first seal may be from before there were salts. They get theirs before they
// are committed to, in units of their own: an erasure meanwhile finds either no salt or the one
// that stays.
bool Sealer::salt_old_lines() {
  constexpr int batch = 200;
  if (store_.read([](store::Transaction& tx) { return find_last_seal(tx).has_value(); })) {
    return true;
  }
  std::int64_t after = 0;
  const auto step = [&](store::Transaction& tx) {
    std::vector<std::int64_t> addresses;
    std::vector<std::int64_t> details;
    int looked_at = 0;
    {
      auto rows = tx.query(sql::unsalted, after, batch);
      for (; rows.next(); ++looked_at) {
        after = rows.integer(0);
        if (rows.integer(1) != 0) addresses.push_back(after);
        if (rows.integer(2) != 0) details.push_back(after);
      }
    }
    const auto salt = [&](const store::Statement& statement, std::int64_t line) {
      tx.execute(statement, line, store::Blob{base::random_bytes(random_, audit_salt_size)});
    };
    for (const auto line : addresses) salt(sql::salt_address, line);
    for (const auto line : details) salt(sql::salt_detail, line);
    return looked_at == batch;
  };
  while (store_.write(step)) {
  }
  return true;
}

std::int64_t Sealer::seal_some(base::Time now) {
  const auto fresh = store_.read([&](store::Transaction& tx) -> std::optional<Seal> {
    const auto former = find_last_seal(tx);
    SealBuilder builder;
    auto rows = tx.query(sql::lines_after, former ? former->last_id : 0, max_lines);
    while (rows.next()) builder.add(rows.integer(0), commit_to(key_, read_row(rows)));
    if (builder.lines() == 0) return std::nullopt;
    return std::move(builder).finish(key_, former, now);
  });
  if (!fresh) return 0;
  // Another node may have been faster: then its seal is as good.
  const bool appended =
      store_.write([&](store::Transaction& tx) { return append_seal(tx, *fresh); });
  return appended ? fresh->lines : 0;
}

Sealer::Exported Sealer::export_head(base::Time now, Export when) {
  const std::lock_guard lock(mutex_);
  const bool due = !exported_at_ || now < *exported_at_ || now - *exported_at_ >= export_interval;
  if (when == Export::at_interval && !due) return Exported::no;
  const auto last = store_.read([](store::Transaction& tx) { return find_last_seal(tx); });
  // The first time, the file says what was exported. From then on memory does: who can write to the
  // file cannot make this process forget.
  if (!exported_) {
    const auto file = read_head(head_file_);
    if (!file) {
      spdlog::error("audit log: {}", file.error().message);
      exported_at_ = now;
      return Exported::conflict;
    }
    exported_ = *file;
  }
  exported_at_ = now;
  if (exported_ && !may_replace(*exported_)) return Exported::conflict;
  if (!last) return Exported::no;
  const auto head = AuditHead::of(*last);
  if (head == exported_ && std::filesystem::exists(head_file_)) return Exported::no;
  write_head(head_file_, head);
  exported_ = head;
  spdlog::info("audit log sealed up to line {}: head {}", head.last_id, head.text());
  return Exported::yes;
}

bool Sealer::belongs(const AuditHead& exported) {
  return store_.read([&](store::Transaction& tx) {
    if (has_head(tx, exported)) return true;
    const auto restorations = list_restorations(tx, key_);
    return std::ranges::any_of(restorations,
                               [&](const Restoration& one) { return one.explains(exported); });
  });
}

bool Sealer::may_replace(const AuditHead& exported) {
  if (conflict_ == exported) return false;  // the look through the log is for once only
  if (belongs(exported)) return true;
  spdlog::error(
      "audit log: the chain has no seal {} as it was exported to {}; somebody changed the database "
      "(vestibule audit verify)",
      exported.text(), head_file_.string());
  conflict_ = exported;
  return false;
}

bool Sealer::has_exported_head() {
  const auto file = read_head(head_file_);
  return file && (!*file || belongs(**file));
}

}  // namespace vestibule::events
