#include "recovery/restore.h"

#include <gtest/gtest.h>

#include <fstream>

#include "guests/hold.h"
#include "guests/replay.h"
#include "recovery/backup.h"
#include "recovery/epoch.h"
#include "recovery/erasure_log.h"
#include "store/backup.h"
#include "store/directory_lock.h"
#include "store/file.h"
#include "store/sqlite.h"
#include "store/testing.h"

namespace vestibule::recovery {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

const keys::MasterKey master = keys::MasterKey::parse(base::Secret(std::string(43, 'A'))).value();
const keys::MasterKey other_master =
    keys::MasterKey::parse(base::Secret(std::string(42, 'B') + 'A')).value();

class Recovery : public testing::Test {
 protected:
  Recovery() { fs::create_directory(data_); }

  std::unique_ptr<store::Store> open() {
    return store::open_sqlite({.path = data_ / "vestibule.db", .opened_at = clock_.now()});
  }
  base::UserId add_user() {
    const auto store = open();
    accounts::UserIds ids;
    ids.load(*store);
    accounts::User user;
    user.id = ids.next(clock_.now());
    const auto inserted =
        store->write([&](store::Transaction& tx) { return accounts::insert_user(tx, user); });
    EXPECT_TRUE(inserted.has_value());
    return user.id;
  }
  bool has(base::UserId id) {
    return open()->read(
        [&](store::Transaction& tx) { return accounts::find_user(tx, id).has_value(); });
  }
  base::Result<Backup> back_up(std::string_view name = "copy.db") {
    return write_backup(
        {.database = data_ / "vestibule.db", .to = directory_.path() / name, .program = "test"},
        master, random_, clock_.now(), {});
  }
  base::Result<Restored> restore(Replace replace = Replace::yes,
                                 const keys::MasterKey& key = master) {
    const RestoreRequest request{.database = data_ / "vestibule.db",
                                 .from = copy_,
                                 .erasures = erasure_log_of(data_),
                                 .audit_head = data_ / "audit-head",
                                 .applications = {},
                                 .replace = replace};
    return restore_backup(request, key, random_, clock_.now(), [](std::string_view) {});
  }
  void expect_refused(const base::Result<Restored>& restored, std::string_view reason) {
    ASSERT_FALSE(restored);
    EXPECT_EQ(restored.error().reason, reason) << restored.error().message;
  }

  store::TemporaryDirectory directory_;
  const fs::path data_ = directory_.path() / "data";
  const fs::path copy_ = directory_.path() / "copy.db";
  base::FakeClock clock_;
  base::SystemRandom random_;
};

TEST_F(Recovery, ABackupIsComplete) {
  add_user();
  const auto made = back_up();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->manifest.rows.at("users"), 1);
  EXPECT_EQ(made->manifest.master_key, key_id(master));
  EXPECT_TRUE(verify_backup(copy_));
  for (const auto& file : {copy_, manifest_of(copy_)}) {
    EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  }
  EXPECT_EQ(back_up().error().reason, "backup_exists");
  EXPECT_EQ(back_up("none/copy.db").error().reason, "backup_failed");
}

TEST_F(Recovery, AnEditIsFound) {
  add_user();
  ASSERT_TRUE(back_up());
  {
    std::fstream file(copy_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(5000);
    file << 'x';
  }
  EXPECT_EQ(verify_backup(copy_).error().reason, "backup_edited");
  expect_refused(restore(), "backup_edited");
  fs::resize_file(copy_, 4096);
  EXPECT_EQ(verify_backup(copy_).error().reason, "backup_edited");
  fs::remove(manifest_of(copy_));
  EXPECT_EQ(verify_backup(copy_).error().reason, "manifest_missing");
  expect_refused(restore(), "manifest_missing");
  fs::remove(copy_);
  EXPECT_EQ(verify_backup(copy_).error().reason, "backup_missing");
}

TEST_F(Recovery, AManifestIsReadWholeOrNotAtAll) {
  add_user();
  const auto text = back_up()->manifest.to_json();
  for (std::size_t length = 0; length + 2 < text.size(); length += 7) {
    EXPECT_EQ(Manifest::parse(text.substr(0, length)).error().reason, "manifest_malformed");
  }
  EXPECT_EQ(Manifest::parse(R"({"format":2})").error().reason, "manifest_newer");
  EXPECT_EQ(Manifest::parse(R"({"format":1})").error().reason, "manifest_malformed");
}

TEST_F(Recovery, WhatCameLaterIsGoneAndKeptAside) {
  const auto kept = add_user();
  ASSERT_TRUE(back_up());
  const auto lost = add_user();
  expect_refused(restore(Replace::no), "store_exists");
  EXPECT_TRUE(has(lost));
  const auto restored = restore();
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_TRUE(has(kept));
  EXPECT_FALSE(has(lost));
  store::inspect_database(
      restored->aside, [&](store::Transaction& tx) { EXPECT_TRUE(accounts::find_user(tx, lost)); });
  EXPECT_FALSE(fs::exists(data_ / "restoring"));
  // The clock stands still: the lost id's place is not taken again.
  EXPECT_GT(add_user(), lost);
}

TEST_F(Recovery, IntoAnEmptyDirectory) {
  add_user();
  ASSERT_TRUE(back_up());
  fs::remove_all(data_);
  fs::create_directory(data_);
  const auto restored = restore(Replace::no);
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_TRUE(restored->aside.empty());
}

TEST_F(Recovery, IsRefusedForAnotherKeyANewerSchemaOrARunningServer) {
  add_user();
  auto manifest = back_up()->manifest;
  expect_refused(restore(Replace::yes, other_master), "wrong_master_key");
  {
    const auto lock = store::DirectoryLock::take(data_);
    expect_refused(restore(), "directory_in_use");
  }
  manifest.schema += 1;
  store::write_file(manifest_of(copy_), manifest.to_json(), store::Existing::replaced);
  expect_refused(restore(), "schema_newer");
  manifest.schema -= 1;
  manifest.rows["users"] = 2;
  store::write_file(manifest_of(copy_), manifest.to_json(), store::Existing::replaced);
  expect_refused(restore(), "backup_damaged");
}

TEST_F(Recovery, TheNewEpochHoldsDeletionsAndGoesOnAboveAllNumbers) {
  add_user();
  ASSERT_TRUE(back_up());
  std::string first;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(restore());
    clock_.advance(1s);
    open()->read([&](store::Transaction& tx) {
      EXPECT_TRUE(guests::held_since(tx));
      EXPECT_GT(store::last_number(tx, "outbox"), 1'000'000'000);
      const auto epoch = find_epoch(tx);
      EXPECT_FALSE(epoch.empty());
      EXPECT_NE(epoch, first);
      first = epoch;
    });
  }
}

TEST_F(Recovery, ErasuresAreCarriedOutAgain) {
  const auto logged = add_user();
  const auto unlogged = add_user();
  const auto stays = add_user();
  ASSERT_TRUE(back_up());
  store::append_lines(erasure_log_of(data_),
                      to_line({.user = logged, .erased_at = clock_.now(), .reason = "deleted"}));
  {
    // As a crash leaves it: in the store, and not yet in the log.
    accounts::User user;
    user.id = unlogged;
    open()->write([&](store::Transaction& tx) {
      guests::note_erasures(tx, {&user, 1}, "self", clock_.now());
    });
  }
  const auto restored = restore();
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(restored->erased_again, 2);
  EXPECT_FALSE(has(logged));
  EXPECT_FALSE(has(unlogged));
  EXPECT_TRUE(has(stays));
}

TEST_F(Recovery, ALogThatCannotBeReadStopsIt) {
  const auto user = add_user();
  ASSERT_TRUE(back_up());
  store::append_lines(erasure_log_of(data_), "nonsense\n");
  expect_refused(restore(), "erasures_malformed");
  EXPECT_TRUE(has(user));
}

TEST_F(Recovery, ADamagedStoreGivesWay) {
  const auto user = add_user();
  ASSERT_TRUE(back_up());
  for (const auto* ending : {"-wal", "-shm"})
    fs::remove(data_ / ("vestibule.db" + std::string(ending)));
  std::ofstream(data_ / "vestibule.db") << std::string(8192, 'z');
  const auto restored = restore();
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(restored->warnings.size(), 1U);
  EXPECT_TRUE(has(user));
}

}  // namespace
}  // namespace vestibule::recovery
