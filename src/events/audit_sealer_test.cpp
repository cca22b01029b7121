#include "events/audit_sealer.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <latch>
#include <thread>

#include "events/audit_restoration.h"
#include "events/audit_world_test.h"

namespace vestibule::events {
namespace {

using namespace std::chrono_literals;
using Exported = Sealer::Exported;

class AuditSealerTest : public testing::Test {
 protected:
  std::optional<Seal> last() {
    return world.store->read([](store::Transaction& tx) { return find_last_seal(tx); });
  }
  AuditWorld world;
};

TEST_F(AuditSealerTest, seals_what_is_new_and_nothing_twice) {
  EXPECT_EQ(world.seal(), 0);
  EXPECT_FALSE(last());
  world.add_lines(3);
  EXPECT_EQ(world.seal(), 3);
  EXPECT_EQ(world.seal(), 0);
  EXPECT_EQ(last()->sequence, 1);
  world.add_lines(1);
  EXPECT_EQ(world.seal(), 1);
  EXPECT_EQ(last()->sequence, 2);
  EXPECT_EQ(last()->first_id, 4);
}

TEST_F(AuditSealerTest, bounds_the_lines_of_a_seal) {
  world.add_lines(2 * Sealer::max_lines + 1);
  EXPECT_EQ(world.seal(), 2 * Sealer::max_lines + 1);
  EXPECT_EQ(last()->sequence, 3);
  EXPECT_EQ(last()->lines, 1);
}

TEST_F(AuditSealerTest, leaves_when_it_is_asked_to) {
  std::stop_source stop;
  stop.request_stop();
  world.add_lines(3);
  EXPECT_EQ(world.sealer->seal(world.clock.now(), stop.get_token()), 0);
}

TEST_F(AuditSealerTest, nodes_side_by_side_make_one_chain) {
  Sealer other{*world.store, world.random, world.key, "/nonexistent/audit-head"};
  std::latch both{2};
  const auto work = [&](Sealer& sealer) {
    both.arrive_and_wait();
    for (int i = 0; i < 50; ++i) {
      world.add_lines(2);
      sealer.seal(world.clock.now());
    }
  };
  std::jthread one{[&] { work(*world.sealer); }};
  std::jthread two{[&] { work(other); }};
  one.join();
  two.join();
  world.seal();
  const auto result = world.verify();
  EXPECT_TRUE(result.is_sound());
  EXPECT_EQ(result.lines, 200);
}

TEST_F(AuditSealerTest, a_seal_that_came_second_is_not_appended) {
  world.add_lines(2);
  world.seal();
  const auto stale = *last();
  EXPECT_FALSE(world.store->write([&](store::Transaction& tx) { return append_seal(tx, stale); }));
  auto far = stale;
  far.sequence = 3;
  EXPECT_FALSE(world.store->write([&](store::Transaction& tx) { return append_seal(tx, far); }));
}

TEST_F(AuditSealerTest, gives_salts_to_lines_from_before_there_were_any) {
  static constexpr store::Statement old_lines{
      "test.old",
      "insert into audit (at, type, user_id, address, detail)"
      " values (1, 'a', 1, '192.0.2.1', 'x'), (1, 'b', 1, null, 'x'), (1, 'c', 1, null, null)"};
  static constexpr store::Statement salts{
      "test.salts",
      "select count(address_salt) * 100 + count(detail_salt) * 10 + count(distinct detail_salt)"
      " from audit"};
  world.tamper(old_lines);
  EXPECT_EQ(world.seal(), 3);
  EXPECT_EQ(world.count(salts), 122);
  world.store->write([](store::Transaction& tx) { erase_details(tx, base::UserId{1}); });
  EXPECT_TRUE(world.verify().is_sound());
}

TEST_F(AuditSealerTest, exports_the_head_once_a_minute_and_when_told_to) {
  EXPECT_EQ(world.export_head(), Exported::no) << "nothing is sealed";
  world.add_lines(1);
  world.seal();
  EXPECT_EQ(world.export_head(), Exported::yes);
  EXPECT_EQ(world.export_head(), Exported::no) << "nothing is new";
  EXPECT_EQ(world.exported(), AuditHead::of(*last()));
  world.add_lines(1);
  world.seal();
  EXPECT_EQ(world.export_head(Sealer::Export::at_interval), Exported::no);
  world.clock.advance(59'999ms);
  EXPECT_EQ(world.export_head(Sealer::Export::at_interval), Exported::no);
  world.clock.advance(1ms);
  EXPECT_EQ(world.export_head(Sealer::Export::at_interval), Exported::yes);
  EXPECT_EQ(world.exported()->sequence, 2);
  struct stat status{};
  ASSERT_EQ(::stat(world.sealer->head_file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(AuditSealerTest, writes_a_head_again_that_was_removed) {
  world.add_lines(1);
  world.seal();
  world.export_head();
  std::filesystem::remove(world.sealer->head_file());
  EXPECT_EQ(world.export_head(), Exported::yes);
}

TEST_F(AuditSealerTest, keeps_a_head_that_the_chain_does_not_have) {
  static constexpr store::Statement cut{"test.cut", "delete from audit_seals where sequence = 2"};
  static constexpr store::Statement cut_line{"test.cut_line", "delete from audit where id = 2"};
  for (int i = 0; i < 2; ++i) {
    world.add_lines(1);
    world.seal();
  }
  world.export_head();
  const auto evidence = world.exported();
  world.tamper(cut);
  world.tamper(cut_line);
  EXPECT_FALSE(world.sealer->has_exported_head());
  world.add_lines(2);
  world.seal();
  EXPECT_EQ(world.export_head(), Exported::conflict);
  world.reopen_sealer();
  EXPECT_EQ(world.export_head(), Exported::conflict) << "a restart forgets nothing";
  EXPECT_EQ(world.exported(), evidence);
  EXPECT_FALSE(world.verify().is_sound());
}

TEST_F(AuditSealerTest, keeps_a_file_that_is_no_head) {
  std::ofstream{world.sealer->head_file()} << "something else\n";
  world.add_lines(1);
  world.seal();
  EXPECT_EQ(world.export_head(), Exported::conflict);
  EXPECT_FALSE(world.sealer->has_exported_head());
}

TEST_F(AuditSealerTest, a_restoration_explains_a_head_that_was_lost) {
  for (int i = 0; i < 3; ++i) {
    world.add_lines(2);
    world.seal();
    world.clock.advance(1s);
    world.export_head();
  }
  const auto lost = *world.exported();
  static constexpr store::Statement older{"test.older",
                                          "delete from audit_seals where sequence > 1"};
  static constexpr store::Statement older_lines{"test.older_lines",
                                                "delete from audit where id > 2"};
  world.tamper(older);
  world.tamper(older_lines);
  EXPECT_FALSE(world.verify().is_sound());

  world.store->write(
      [&](store::Transaction& tx) { record_restoration(tx, world.key, lost, world.clock.now()); });
  world.reopen_sealer();
  world.seal();
  const auto result = world.verify(lost);
  EXPECT_TRUE(result.is_sound());
  ASSERT_TRUE(result.explained_by);
  EXPECT_EQ(result.explained_by->restored_sequence, 1);
  EXPECT_EQ(result.explained_by->lost, lost);
  EXPECT_EQ(world.export_head(), Exported::yes) << "the new chain is the one that counts now";
  EXPECT_TRUE(world.verify().is_sound());
}

TEST_F(AuditSealerTest, a_restoration_that_nobody_with_the_key_wrote_explains_nothing) {
  for (int i = 0; i < 2; ++i) {
    world.add_lines(2);
    world.seal();
  }
  world.export_head();
  static constexpr store::Statement cut{"test.cut", "delete from audit_seals where sequence > 1"};
  static constexpr store::Statement cut_lines{"test.cut_lines", "delete from audit where id > 2"};
  world.tamper(cut);
  world.tamper(cut_lines);
  world.store->write([&](store::Transaction& tx) {
    record_restoration(tx, base::Secret(std::string(32, 'x')), *world.exported(),
                       world.clock.now());
  });
  world.seal();
  EXPECT_FALSE(world.verify().is_sound());
  EXPECT_EQ(world.export_head(), Exported::conflict);
}

TEST_F(AuditSealerTest, a_head_reads_as_it_is_written) {
  const AuditHead head{.sequence = 41,
                       .last_id = 918,
                       .sealed_at = world.clock.now(),
                       .digest = std::string(32, '\xff')};
  EXPECT_EQ(AuditHead::parse(head.text()), head);
  for (const auto* wrong : {"", "1.2.3", "1.2.3.", "1.2.3.AAAA", "x.2.3.AAAA", "1.2.3.4.5",
                            "-1.2.3.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
    EXPECT_FALSE(AuditHead::parse(wrong)) << wrong;
  }
  EXPECT_FALSE(AuditHead::parse(head.text() + "A"));
}

}  // namespace
}  // namespace vestibule::events
