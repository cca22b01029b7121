#include "events/audit_verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "events/audit_world_test.h"

namespace vestibule::events {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

class AuditVerifyTest : public testing::Test {
 protected:
  AuditVerifyTest() {
    for (int i = 0; i < 3; ++i) {
      world.add_lines(10);
      world.seal();
      world.clock.advance(1s);
    }
    world.export_head();
  }
  AuditWorld world;
};

TEST_F(AuditVerifyTest, accepts_what_was_written) {
  const auto result = world.verify();
  EXPECT_TRUE(result.is_sound());
  EXPECT_EQ(result.seals, 3);
  EXPECT_EQ(result.lines, 30);
  EXPECT_EQ(result.unsealed, 0);
  EXPECT_EQ(result.head, world.exported());
}

TEST_F(AuditVerifyTest, accepts_an_empty_log) {
  AuditWorld empty;
  EXPECT_EQ(empty.seal(), 0);
  EXPECT_TRUE(empty.verify().is_sound());
}

TEST_F(AuditVerifyTest, finds_an_edit_of_every_column) {
  static constexpr store::Statement edits[] = {
      {"test.edit.at", "update audit set at = at + 1 where id = 14"},
      {"test.edit.type", "update audit set type = 'token.renewed' where id = 14"},
      {"test.edit.user", "update audit set user_id = 99 where id = 14"},
      {"test.edit.actor", "update audit set actor_id = 99 where id = 14"},
      {"test.edit.no_actor", "update audit set actor_id = null where id = 14"},
      {"test.edit.client", "update audit set client_id = 99 where id = 14"},
      {"test.edit.no_client", "update audit set client_id = null where id = 14"},
      {"test.edit.outcome", "update audit set outcome = 'refused' where id = 14"},
      {"test.edit.address", "update audit set address = '192.0.2.8' where id = 14"},
      {"test.edit.no_address", "update audit set address = null where id = 14"},
      {"test.edit.address_gone",
       "update audit set address = null, address_salt = null where id = 14"},
      {"test.edit.address_salt", "update audit set address_salt = x'00' where id = 14"},
      {"test.edit.address_commitment", "update audit set address_commitment = x'00' where id = 14"},
      {"test.edit.address_forged",
       "update audit set address = null, address_salt = null, address_commitment = x'00'"
       " where id = 14"},
      {"test.edit.detail", "update audit set detail = 'scope email' where id = 14"},
      {"test.edit.no_detail", "update audit set detail = null where id = 14"},
      {"test.edit.detail_salt", "update audit set detail_salt = null where id = 14"},
      {"test.edit.detail_commitment", "update audit set detail_commitment = x'00' where id = 14"},
      {"test.edit.exchanged", "update audit set address = detail, detail = address where id = 14"},
      {"test.edit.type_of_column", "update audit set at = 'yesterday' where id = 14"},
  };
  for (const auto& edit : edits) {
    AuditWorld fresh;
    fresh.add_lines(10);
    fresh.seal();
    fresh.add_lines(10);
    fresh.seal();
    ASSERT_EQ(fresh.tamper(edit), 1) << edit.sql();
    EXPECT_THAT(fresh.flaws(), ElementsAre("edited 14")) << edit.sql();
  }
}

TEST_F(AuditVerifyTest, finds_an_outcome_that_was_taken_away) {
  static constexpr store::Statement edit{"test.outcome",
                                         "update audit set outcome = null where id = 5"};
  ASSERT_EQ(world.tamper(edit), 1);
  EXPECT_THAT(world.flaws(), ElementsAre("edited 5"));
}

TEST_F(AuditVerifyTest, finds_lines_that_are_gone) {
  static constexpr store::Statement one{"test.delete", "delete from audit where id = 12"};
  world.tamper(one);
  EXPECT_THAT(world.flaws(), ElementsAre("missing 12"));
  static constexpr store::Statement edges{"test.delete_edges",
                                          "delete from audit where id in (1, 10, 30)"};
  world.tamper(edges);
  EXPECT_THAT(world.flaws(), ElementsAre("missing 1", "missing 10", "missing 12", "missing 30"));
}

TEST_F(AuditVerifyTest, finds_lines_that_changed_places) {
  static constexpr store::Statement swap{
      "test.swap",
      "update audit set at = (select at from audit as other where other.id = 14),"
      " user_id = (select user_id from audit as other where other.id = 14) where id = 12"};
  world.tamper(swap);
  EXPECT_THAT(world.flaws(), ElementsAre("edited 12"));
}

TEST_F(AuditVerifyTest, finds_a_line_that_was_put_in) {
  static constexpr store::Statement make_room{"test.room", "delete from audit where id = 15"};
  static constexpr store::Statement put_in{
      "test.insert", "insert into audit (id, at, type, user_id) values ($1, 1, 'x', 1)"};
  world.tamper(make_room);
  world.tamper(put_in, 15);
  EXPECT_THAT(world.flaws(), ElementsAre("edited 15"));
  world.tamper(put_in, 0);
  world.tamper(put_in, -5);
  EXPECT_THAT(world.flaws(), ElementsAre("inserted -5", "inserted 0", "edited 15"));
}

TEST_F(AuditVerifyTest, finds_what_was_done_to_seals) {
  static constexpr store::Statement edits[] = {
      {"test.seal.last", "update audit_seals set last_id = 19 where sequence = 2"},
      {"test.seal.first", "update audit_seals set first_id = 12 where sequence = 2"},
      {"test.seal.lines", "update audit_seals set lines = 9 where sequence = 2"},
      {"test.seal.at", "update audit_seals set sealed_at = 7 where sequence = 2"},
      {"test.seal.marks", "update audit_seals set marks = x'00' where sequence = 2"},
      {"test.seal.digest", "update audit_seals set digest = x'00' where sequence = 2"},
      {"test.seal.gone", "delete from audit_seals where sequence = 2"},
      {"test.seal.first_gone", "delete from audit_seals where sequence = 1"},
      {"test.seal.renumbered", "update audit_seals set sequence = 9 where sequence = 3"},
  };
  for (const auto& edit : edits) {
    AuditWorld fresh;
    for (int i = 0; i < 3; ++i) {
      fresh.add_lines(10);
      fresh.seal();
    }
    fresh.export_head();
    ASSERT_EQ(fresh.tamper(edit), 1) << edit.sql();
    EXPECT_FALSE(fresh.verify().is_sound()) << edit.sql();
  }
}

TEST_F(AuditVerifyTest, finds_a_tail_that_was_cut_off_by_the_exported_head) {
  static constexpr store::Statement cut_lines{"test.cut", "delete from audit where id > 20"};
  static constexpr store::Statement cut_seals{"test.cut_seals",
                                              "delete from audit_seals where sequence > 2"};
  world.tamper(cut_lines);
  world.tamper(cut_seals);
  EXPECT_THAT(world.flaws(), ElementsAre("cut_tail 30"));
  EXPECT_TRUE(world.verify(std::nullopt).is_sound()) << "without the head nobody can know";
  // What is written afterwards takes the place of what is gone, but has another seal.
  world.add_lines(10);
  world.seal();
  EXPECT_THAT(world.flaws(), ElementsAre("other_chain"));
}

TEST_F(AuditVerifyTest, finds_an_empty_table_by_the_exported_head) {
  static constexpr store::Statement all{"test.all", "delete from audit"};
  static constexpr store::Statement all_seals{"test.all_seals", "delete from audit_seals"};
  world.tamper(all);
  world.tamper(all_seals);
  EXPECT_THAT(world.flaws(), ElementsAre("cut_tail 30"));
}

TEST_F(AuditVerifyTest, tells_another_key_from_edits) {
  const auto result = verify_audit(*world.store, base::Secret(std::string(32, 'x')),
                                   world.exported(), world.clock.now());
  ASSERT_EQ(result.findings.size(), 1u);
  EXPECT_EQ(result.findings[0].flaw, Flaw::wrong_key);
}

TEST_F(AuditVerifyTest, young_lines_may_be_unsealed_and_old_ones_not) {
  world.add_lines(2);
  EXPECT_TRUE(world.verify().is_sound());
  EXPECT_EQ(world.verify().unsealed, 2);
  world.clock.advance(2min);
  EXPECT_THAT(world.flaws(), ElementsAre("unsealed 31"));
}

TEST_F(AuditVerifyTest, accepts_what_was_forgotten_and_only_that) {
  static constexpr store::Statement left{
      "test.left",
      "select count(*) from audit where user_id = 2"
      " and (address is not null or address_salt is not null or detail is not null"
      " or detail_salt is not null)"};
  world.store->write([](store::Transaction& tx) { erase_details(tx, base::UserId{2}); });
  EXPECT_EQ(world.count(left), 0) << "texts and salts are gone";
  EXPECT_THAT(world.flaws(), IsEmpty());
  EXPECT_EQ(world.verify().forgotten, 9);

  static constexpr store::Statement edit{"test.edit", "update audit set user_id = 3 where id = 2"};
  world.tamper(edit);
  EXPECT_THAT(world.flaws(), ElementsAre("edited 2"));
}

TEST_F(AuditVerifyTest, addresses_are_forgotten_apart_from_details) {
  static constexpr store::Statement addresses{
      "test.addresses",
      "select count(*) from audit where address is not null or address_salt is not null"};
  static constexpr store::Statement details{
      "test.details",
      "select count(*) from audit where detail is not null and detail_salt is not null"};
  const auto last = world.store->write(
      [&](store::Transaction& tx) { return forget_addresses(tx, 0, world.clock.now() + 1h, 100); });
  EXPECT_EQ(last, 30);
  EXPECT_EQ(world.count(addresses), 0);
  EXPECT_EQ(world.count(details), 30);
  EXPECT_THAT(world.flaws(), IsEmpty());
  static constexpr store::Statement edit{"test.edit", "update audit set detail = 'x' where id = 2"};
  world.tamper(edit);
  EXPECT_THAT(world.flaws(), ElementsAre("edited 2"));
}

TEST_F(AuditVerifyTest, what_is_forgotten_before_it_is_sealed_fits_too) {
  world.add_lines(3);
  world.store->write([](store::Transaction& tx) { erase_details(tx, base::UserId{1}); });
  world.seal();
  EXPECT_THAT(world.flaws(), IsEmpty());
}

TEST_F(AuditVerifyTest, a_commitment_says_nothing_without_its_salt) {
  // Two lines with the same address have unrelated commitments, and who has the key gets no
  // further.
  world.store->write([&](store::Transaction& tx) { erase_details(tx, base::UserId{1}); });
  static constexpr store::Statement commitments{
      "test.commitments",
      "select count(distinct address_commitment) - count(*) from audit where user_id = 1"};
  EXPECT_EQ(world.count(commitments), 0);
}

TEST_F(AuditVerifyTest, bounds_what_it_tells) {
  AuditWorld large;
  large.add_lines(1500);
  large.seal();
  static constexpr store::Statement edit{"test.many", "update audit set at = 1 where id > 1"};
  large.tamper(edit);
  const auto result = large.verify();
  EXPECT_EQ(result.flaws, 1499);
  EXPECT_EQ(result.findings.size(), 1000u);
}

}  // namespace
}  // namespace vestibule::events
