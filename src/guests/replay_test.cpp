#include "guests/replay.h"

#include <gtest/gtest.h>

#include "guests/hold.h"
#include "guests/merges.h"
#include "guests/testing.h"

namespace vestibule::guests {
namespace {

using namespace std::chrono_literals;

Replayed replay(World& world, const Erasure& erasure) {
  return world.write([&](store::Transaction& tx) {
    return replay_erasure(tx, *world.guests, world.outbox, erasure, world.now());
  });
}
std::vector<Erasure> noted(World& world) {
  return world.read([](store::Transaction& tx) {
    std::vector<Erasure> all;
    for (auto& [number, erasure] : list_erasures(tx, 1000)) all.push_back(std::move(erasure));
    return all;
  });
}

TEST(Erasures, EachIsNotedUntilItIsInTheLog) {
  World world;
  const auto self = world.guest().user.id;
  const auto purged = world.guest().user.id;
  ASSERT_TRUE(world.erase(self, EraseReason::self));
  world.clock.advance(std::chrono::hours(24 * 40));
  ASSERT_EQ(world.purge(), 1);
  const auto erasures = noted(world);
  ASSERT_EQ(erasures.size(), 2U);
  EXPECT_EQ(erasures[0].user, self);
  EXPECT_EQ(erasures[0].reason, "self");
  EXPECT_EQ(erasures[1].user, purged);
  EXPECT_EQ(erasures[1].reason, "retention");
  world.write(
      [](store::Transaction& tx) { forget_erasures(tx, list_erasures(tx, 1).front().number); });
  EXPECT_EQ(noted(world).size(), 1U);
}

TEST(Erasures, AMergeTellsIntoWhomAndForWhom) {
  World world({holder("shop")});
  const auto account = world.account();
  const auto guest = world.guest();
  const auto merge = world.request_merge(guest.user.id, account.user.id).value();
  ASSERT_TRUE(world.acknowledge(merge.id, "shop"));
  const auto erasures = noted(world);
  ASSERT_EQ(erasures.size(), 1U);
  ASSERT_TRUE(erasures[0].merge);
  EXPECT_EQ(erasures[0].reason, "merged");
  EXPECT_EQ(erasures[0].merge->merge, merge.id);
  EXPECT_EQ(erasures[0].merge->target_subject, account.user.subject());
  EXPECT_EQ(erasures[0].merge->applications, std::vector<std::string>{"shop"});
}

TEST(Replay, WhoIsBackGoesAgainAndApplicationsAreTold) {
  World world({holder("shop")});
  const auto guest = world.guest();
  EXPECT_EQ(replay(world, {.user = guest.user.id, .erased_at = world.now(), .reason = "retention"}),
            Replayed::erased);
  EXPECT_FALSE(world.find(guest.user.id));
  EXPECT_EQ(world.waiting("shop").back(), "guest.purged");
  EXPECT_EQ(replay(world, {.user = guest.user.id, .erased_at = world.now(), .reason = "retention"}),
            Replayed::known);
}

TEST(Replay, AnIdThatIsNotKnownIsNeverGivenOut) {
  World world;
  const auto lost = world.ids.next(world.now());
  const Erasure erasure{
      .user = lost, .chosen_subject = "ada", .erased_at = world.now(), .reason = "deleted"};
  EXPECT_EQ(replay(world, erasure), Replayed::forgotten);
  EXPECT_EQ(replay(world, erasure), Replayed::known);
  accounts::User other;
  other.id = world.ids.next(world.now());
  other.chosen_subject = "ada";
  const auto taken =
      world.write([&](store::Transaction& tx) { return accounts::insert_user(tx, other); });
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().reason, "id_taken");
}

TEST(Replay, AMergeThatWasDoneIsDoneAgain) {
  World world({holder("shop")});
  const auto account = world.account();
  const auto guest = world.guest();
  const Erasure erasure{
      .user = guest.user.id,
      .erased_at = world.now(),
      .reason = "merged",
      .merge = ErasedByMerge{base::MergeId{77}, account.user.id, account.user.subject(), {"shop"}}};
  EXPECT_EQ(replay(world, erasure), Replayed::erased);
  EXPECT_FALSE(world.find(guest.user.id));
  EXPECT_EQ(world.merge(base::MergeId{77})->state, MergeState::done);
  EXPECT_EQ(world.read([&](store::Transaction& tx) {
    return find_alias(tx, "shop", guest.user.subject());
  }),
            account.user.subject());
}

TEST(Replay, AMergeThatWasOpenInTheBackupIsFinished) {
  World world({holder("shop")});
  const auto account = world.account();
  const auto guest = world.guest();
  const auto merge = world.request_merge(guest.user.id, account.user.id).value();
  const Erasure erasure{
      .user = guest.user.id,
      .erased_at = world.now(),
      .reason = "merged",
      .merge = ErasedByMerge{merge.id, account.user.id, account.user.subject(), {"shop"}}};
  EXPECT_EQ(replay(world, erasure), Replayed::erased);
  EXPECT_EQ(world.merge(merge.id)->state, MergeState::done);
}

TEST(Replay, TheAliasOfSomebodyWhomTheBackupNeverKnewIsWritten) {
  World world({holder("shop")});
  const auto account = world.account();
  const auto lost = world.ids.next(world.now());
  const Erasure erasure{
      .user = lost,
      .erased_at = world.now(),
      .reason = "merged",
      .merge = ErasedByMerge{base::MergeId{78}, account.user.id, account.user.subject(), {"shop"}}};
  EXPECT_EQ(replay(world, erasure), Replayed::forgotten);
  EXPECT_EQ(world.read([&](store::Transaction& tx) {
    return find_alias(tx, "shop", base::to_string(lost));
  }),
            account.user.subject());
}

TEST(Replay, WhoLeftInTheMiddleOfWhatTheBackupThinksIsAMerge) {
  World world({holder("shop")});
  const auto account = world.account();
  const auto guest = world.guest();
  const auto merge = world.request_merge(guest.user.id, account.user.id).value();
  EXPECT_EQ(replay(world, {.user = account.user.id, .erased_at = world.now(), .reason = "deleted"}),
            Replayed::erased);
  EXPECT_EQ(world.merge(merge.id)->state, MergeState::abandoned);
  EXPECT_TRUE(world.find(guest.user.id));
  EXPECT_EQ(replay(world, {.user = guest.user.id, .erased_at = world.now(), .reason = "self"}),
            Replayed::erased);
}

TEST(Hold, NobodyIsDeletedUntilItIsReleased) {
  World world({holder("shop")});
  const auto guest = world.guest();
  const auto source = world.guest();
  const auto account = world.account();
  const auto merge = world.request_merge(source.user.id, account.user.id).value();
  world.write([&](store::Transaction& tx) { hold_deletions(tx, world.now()); });
  EXPECT_EQ(world.read(held_since), world.now());

  EXPECT_EQ(world.erase(guest.user.id, EraseReason::self).error().reason, "deletions_held");
  world.clock.advance(std::chrono::hours(24 * 40));
  EXPECT_EQ(world.purge(), 0);
  EXPECT_TRUE(world.acknowledge(merge.id, "shop").value().is_open());
  EXPECT_TRUE(world.find(source.user.id));

  world.write([](store::Transaction& tx) { release_deletions(tx); });
  EXPECT_FALSE(world.read(held_since));
  EXPECT_EQ(world.acknowledge(merge.id, "").value().state, MergeState::done);
  EXPECT_FALSE(world.find(source.user.id));
  EXPECT_EQ(world.purge(), 1);
}

TEST(Hold, AMergeForWhichNobodyIsWaitedWaitsToo) {
  World world;
  const auto account = world.account();
  const auto guest = world.guest();
  world.write([&](store::Transaction& tx) { hold_deletions(tx, world.now()); });
  EXPECT_TRUE(world.request_merge(guest.user.id, account.user.id).value().is_open());
  EXPECT_TRUE(world.find(guest.user.id));
}

}  // namespace
}  // namespace vestibule::guests
