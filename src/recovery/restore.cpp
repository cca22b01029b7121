#include "recovery/restore.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <system_error>

#include "events/audit.h"
#include "events/audit_restoration.h"
#include "guests/hold.h"
#include "guests/replay.h"
#include "recovery/backup.h"
#include "recovery/epoch.h"
#include "recovery/erasure_log.h"
#include "recovery/former_store.h"
#include "store/directory_lock.h"
#include "store/file.h"
#include "store/migrations.h"
#include "store/replacement.h"
#include "store/sqlite.h"

namespace vestibule::recovery {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;
using base::fail;

constexpr std::size_t erasures_a_unit = 100;

/// One restore, from the checks to the last rename.
class Restore {
 public:
  Restore(const RestoreRequest& request, const keys::MasterKey& master, base::Random& random,
          base::Time now, const std::function<void(std::string_view)>& tell)
      : request_(request),
        master_(master),
        random_(random),
        now_(now),
        tell_(tell),
        work_(request.database.parent_path() / "restoring"),
        fresh_(work_ / "vestibule.db") {}

  base::Result<Restored> run() {
    auto lock = store::DirectoryLock::take(request_.database.parent_path());
    if (!lock) return std::unexpected(lock.error());
    store::finish_replacement(request_.database);
    if (auto fit = check_manifest(); !fit) return std::unexpected(fit.error());
    tell_("copying and checking the backup");
    if (auto taken = take_copy(); !taken) return std::unexpected(taken.error());
    look_at_former_store();
    auto erasures = read_erasures(request_.erasures);
    if (!erasures) return std::unexpected(erasures.error());
    tell_("making the new epoch");
    prepare(*erasures);
    tell_("putting it in the store's place");
    put_in_place();
    return std::move(restored_);
  }

 private:
  base::Result<void> check_manifest() {
    if (fs::exists(request_.database) && request_.replace == Replace::no) {
      return fail(ErrorKind::conflict, "store_exists",
                  request_.database.string() +
                      " is there already; --force puts the backup in its place and keeps it aside");
    }
    auto manifest = read_manifest(request_.from);
    if (!manifest) return std::unexpected(manifest.error());
    restored_.manifest = *std::move(manifest);
    const auto known = store::migrations().back().version;
    if (restored_.manifest.schema > known) {
      return fail(ErrorKind::conflict, "schema_newer",
                  fmt::format("the backup's schema is version {} and this program knows {}: use a "
                              "newer program",
                              restored_.manifest.schema, known));
    }
    if (restored_.manifest.master_key != key_id(master_)) {
      return fail(ErrorKind::conflict, "wrong_master_key",
                  fmt::format("the backup needs the master key {} and the one here is {}: its "
                              "signing keys could not be opened",
                              restored_.manifest.master_key, key_id(master_)));
    }
    return {};
  }

  base::Result<void> take_copy() {
    fs::remove_all(work_);
    fs::create_directory(work_);
    fs::permissions(work_, fs::perms::owner_all);
    return check_copy(fresh_, copy_and_hash(request_.from, fresh_), restored_.manifest);
  }

  void look_at_former_store() {
    former_.floors.user_ids = restored_.manifest.created_at;
    if (fs::exists(request_.database)) {
      auto read = read_former_store(request_.database);
      if (!read.unreadable.empty()) {
        restored_.warnings.push_back("the former store cannot be read (" + read.unreadable +
                                     "): erasures of its last second may be missing in the log");
      }
      read.floors.user_ids = std::max(read.floors.user_ids, former_.floors.user_ids);
      former_ = std::move(read);
    }
    if (former_.erasures.empty()) return;
    std::string lines;
    for (const auto& erasure : former_.erasures) lines += to_line(erasure);
    store::append_lines(request_.erasures, lines);
  }

  void prepare(const std::vector<guests::Erasure>& erasures) {
    const auto store = store::open_sqlite({.path = fresh_, .opened_at = now_});
    store->write([&](store::Transaction& tx) { begin_epoch(tx, former_.floors, random_, now_); });
    erase_again(*store, erasures);
    store->write([&](store::Transaction& tx) {
      guests::hold_deletions(tx, now_);
      record(tx);
    });
  }

  void erase_again(store::Store& store, const std::vector<guests::Erasure>& erasures) {
    sessions::EndedSessions ended;
    const sessions::Sessions sessions{ended};
    accounts::UserIds ids;
    const events::Outbox outbox{request_.applications, [] {}};
    const guests::Guests guests{ids, sessions, outbox, random_, {}};
    for (std::span left(erasures); !left.empty();) {
      const auto some = left.first(std::min(erasures_a_unit, left.size()));
      left = left.subspan(some.size());
      store.write([&](store::Transaction& tx) {
        for (const auto& erasure : some) {
          count(guests::replay_erasure(tx, guests, outbox, erasure, now_));
        }
      });
    }
  }

  void count(guests::Replayed replayed) {
    if (replayed == guests::Replayed::erased) ++restored_.erased_again;
    if (replayed == guests::Replayed::forgotten) ++restored_.erasures_remembered;
  }

  /// The line `store.restored`, which says where the audit chain of before ended.
  void record(store::Transaction& tx) {
    auto lost = former_.audit_head;
    const auto exported = events::read_head(request_.audit_head);
    if (!exported) {
      restored_.warnings.push_back(exported.error().message);
    } else if (*exported && (!lost || (*exported)->sequence > lost->sequence)) {
      lost = *exported;
    }
    if (lost) {
      events::record_restoration(tx, master_.derive("audit"), *lost, now_);
    } else {
      events::record(tx, {.type = "store.restored", .user = events::nobody}, now_);
    }
  }

  void put_in_place() {
    auto wal = fresh_;
    wal += "-wal";
    if (fs::exists(wal)) throw store::Unavailable(wal.string() + " was not folded in");
    if (fs::exists(request_.database)) restored_.aside = name_aside();
    store::replace_database(request_.database, fresh_, name_aside());
    fs::remove_all(work_);
  }

  fs::path name_aside() const {
    auto stamp = base::to_rfc3339(now_);
    std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
    auto aside = request_.database;
    aside += ".before-restore-" + stamp;
    return aside;
  }

  const RestoreRequest& request_;
  const keys::MasterKey& master_;
  base::Random& random_;
  const base::Time now_;
  const std::function<void(std::string_view)>& tell_;
  const fs::path work_;
  const fs::path fresh_;
  FormerStore former_;
  Restored restored_;
};

}  // namespace

base::Result<Restored> restore_backup(const RestoreRequest& request, const keys::MasterKey& master,
                                      base::Random& random, base::Time now,
                                      const std::function<void(std::string_view)>& tell) {
  auto absolute = request;
  absolute.database = fs::absolute(request.database);
  try {
    return Restore(absolute, master, random, now, tell).run();
  } catch (const std::system_error& error) {
    return fail(ErrorKind::unavailable, "restore_failed", error.what());
  } catch (const store::Unavailable& error) {
    return fail(ErrorKind::unavailable, "restore_failed", error.what());
  }
}

}  // namespace vestibule::recovery
