#include "sessions/sessions.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "base/result.h"
#include "sessions/codes.h"
#include "sessions/refresh.h"
#include "sessions/testing.h"

namespace vestibule::sessions {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr base::UserId ada{1000};
constexpr base::UserId bob{2000};

class SessionsTest : public testing::Test, public TestWorld {};

TEST_F(SessionsTest, KeepsEveryField) {
  const Session session{.id = new_id(),
                        .user = ada,
                        .kind = Kind::provider,
                        .generation = 7,
                        .created_at = now(),
                        .rotated_at = now() + seconds(1),
                        .expires_at = now() + hours(1),
                        .auth_time = now() - seconds(5),
                        .amr = "pwd otp",
                        .actor = bob,
                        .parent = new_id()};
  write([&](store::Transaction& tx) { sessions.insert(tx, session); });
  const auto found = find(session.id);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, session.id);
  EXPECT_EQ(found->user, session.user);
  EXPECT_EQ(found->kind, session.kind);
  EXPECT_EQ(found->generation, session.generation);
  EXPECT_EQ(found->created_at, session.created_at);
  EXPECT_EQ(found->rotated_at, session.rotated_at);
  EXPECT_EQ(found->expires_at, session.expires_at);
  EXPECT_EQ(found->auth_time, session.auth_time);
  EXPECT_EQ(found->amr, session.amr);
  EXPECT_EQ(found->actor, session.actor);
  EXPECT_EQ(found->parent, session.parent);
}

TEST_F(SessionsTest, AnIdIsTakenOnlyOnce) {
  const auto session = add(ada);
  EXPECT_THROW(write([&](store::Transaction& tx) { sessions.insert(tx, session); }),
               store::ConstraintViolation);
}

TEST_F(SessionsTest, ExpiredIsNotFoundAndDoesNotRotate) {
  const auto session = add(ada);
  pass(std::chrono::days(30));
  EXPECT_FALSE(find(session.id));
  EXPECT_EQ(rotate(session.id, 1).outcome, Rotation::unknown);
}

TEST_F(SessionsTest, RotatesOnce) {
  const auto session = add(ada);
  pass(hours(1));
  const auto result = rotate(session.id, 1);
  EXPECT_EQ(result.outcome, Rotation::rotated);
  ASSERT_TRUE(result.session);
  EXPECT_EQ(result.session->generation, 2U);
  EXPECT_EQ(result.session->rotated_at, now());
  EXPECT_EQ(result.session->expires_at, now() + std::chrono::days(30));
}

TEST_F(SessionsTest, AnotherTabGetsTheSameSuccessorWithinTheGrace) {
  const auto session = add(ada);
  const auto first = rotate(session.id, 1);
  pass(rotation_grace - milliseconds(1));
  const auto second = rotate(session.id, 1);
  EXPECT_EQ(second.outcome, Rotation::successor);
  ASSERT_TRUE(second.session);
  EXPECT_EQ(second.session->generation, first.session->generation);
  EXPECT_EQ(second.session->rotated_at, first.session->rotated_at);
  EXPECT_TRUE(find(session.id));
}

TEST_F(SessionsTest, AnOldCopyEndsTheSession) {
  const auto session = add(ada);
  rotate(session.id, 1);
  pass(rotation_grace);
  EXPECT_EQ(rotate(session.id, 1).outcome, Rotation::reused);
  EXPECT_FALSE(find(session.id));
  EXPECT_TRUE(ended.contains(session.id));
  EXPECT_EQ(rotate(session.id, 2).outcome, Rotation::unknown) << "the thief's handle is dead too";
}

TEST_F(SessionsTest, AClockThatJumpedBackDoesNotLengthenTheGrace) {
  const auto session = add(ada);
  rotate(session.id, 1);
  pass(-hours(1));
  EXPECT_EQ(rotate(session.id, 1).outcome, Rotation::reused);
}

TEST_F(SessionsTest, AGenerationNeverReachedIsUnknownAndHarmless) {
  const auto session = add(ada);
  EXPECT_EQ(rotate(session.id, 2).outcome, Rotation::unknown);
  EXPECT_EQ(rotate(session.id, 0).outcome, Rotation::unknown) << "the first is 1";
  EXPECT_TRUE(find(session.id));
}

TEST_F(SessionsTest, OfManyTabsAtOnceOneRotatesAndNobodyIsSignedOut) {
  const auto session = add(ada);
  std::atomic<int> rotated = 0;
  std::atomic<int> successors = 0;
  std::vector<std::thread> tabs;
  for (int i = 0; i < 8; ++i) {
    tabs.emplace_back([&] {
      const auto result = rotate(session.id, 1);
      if (result.outcome == Rotation::rotated) ++rotated;
      if (result.outcome == Rotation::successor && result.session->generation == 2) ++successors;
    });
  }
  for (auto& tab : tabs) tab.join();
  EXPECT_EQ(rotated, 1);
  EXPECT_EQ(successors, 7);
}

TEST_F(SessionsTest, EndingTakesWhatCameFromIt) {
  const auto provider = add(ada, Kind::provider);
  const auto child = add(ada, Kind::gateway, provider.id);
  const auto other = add(ada);
  const auto family = base::Uuid::make(now(), random);
  const auto other_family = base::Uuid::make(now(), random);
  write([&](store::Transaction& tx) {
    const auto add_family = [&](const base::Uuid& id, base::SessionId of) {
      insert_family(tx, {.id = id,
                         .client = {1},
                         .user = ada,
                         .session = of,
                         .scope = "openid",
                         .rotated_at = now(),
                         .created_at = now(),
                         .expires_at = now() + hours(1)});
    };
    add_family(family, provider.id);
    add_family(other_family, other.id);
    sessions.end(tx, provider.id, now());
    EXPECT_FALSE(find_family(tx, family, now()));
    EXPECT_TRUE(find_family(tx, other_family, now()));
    EXPECT_TRUE(sessions.has_ended(tx, provider.id));
    EXPECT_FALSE(sessions.has_ended(tx, other.id));
  });
  EXPECT_FALSE(find(provider.id));
  EXPECT_FALSE(find(child.id));
  EXPECT_TRUE(find(other.id));
  EXPECT_TRUE(ended.contains(provider.id));
  EXPECT_TRUE(ended.contains(child.id));
  EXPECT_FALSE(ended.contains(other.id));
  end(provider.id);
}

TEST_F(SessionsTest, AChangeOfStandingEndsEverythingOfThatUserOnly) {
  const auto first = add(ada);
  const auto second = add(ada, Kind::provider);
  const auto bobs = add(bob);
  const auto family = base::Uuid::make(now(), random);
  write([&](store::Transaction& tx) {
    insert_family(tx, {.id = family,
                       .client = {1},
                       .user = ada,
                       .scope = "",
                       .rotated_at = now(),
                       .created_at = now(),
                       .expires_at = now() + hours(1)});
    insert_code(tx, "code",
                {.client = {1},
                 .user = ada,
                 .session = second.id,
                 .redirect_uri = "",
                 .scope = "",
                 .auth_time = now(),
                 .amr = "",
                 .created_at = now(),
                 .expires_at = now() + hours(1)});
  });
  end_all(ada);
  EXPECT_FALSE(find(first.id));
  EXPECT_FALSE(find(second.id));
  EXPECT_TRUE(find(bobs.id));
  EXPECT_TRUE(ended.contains(first.id));
  EXPECT_TRUE(ended.contains(second.id));
  EXPECT_FALSE(ended.contains(bobs.id));
  write([&](store::Transaction& tx) {
    EXPECT_FALSE(find_family(tx, family, now()));
    EXPECT_EQ(consume_code(tx, "code", base::Uuid::make(now(), random), now()).outcome,
              CodeOutcome::unknown);
  });
}

TEST_F(SessionsTest, ASessionThatNoLivingTokenNamesIsNotPutIntoTheSet) {
  const auto idle = add(ada);
  const auto provider = add(ada, Kind::provider);
  pass(longest_token_life);
  end_all(ada);
  EXPECT_FALSE(find(idle.id));
  EXPECT_FALSE(ended.contains(idle.id));
  EXPECT_TRUE(ended.contains(provider.id));
}

TEST_F(SessionsTest, AnEndThatIsRolledBackNeverReachesTheSet) {
  const auto session = add(ada);
  const auto result = write([&](store::Transaction& tx) -> base::Result<void> {
    sessions.end(tx, session.id, now());
    return base::fail(base::ErrorKind::conflict, "test", "refused");
  });
  EXPECT_FALSE(result);
  EXPECT_FALSE(ended.contains(session.id));
  EXPECT_TRUE(find(session.id));
}

TEST_F(SessionsTest, TheSetIsLoadedAndForgets) {
  const auto early = add(ada);
  const auto late = add(ada);
  end(early.id);
  pass(hours(1));
  end(late.id);
  EndedSessions restarted;
  restarted.load(*store);
  EXPECT_TRUE(restarted.contains(early.id));
  EXPECT_TRUE(restarted.contains(late.id));
  EXPECT_EQ(restarted.size(), 2U);
  restarted.remove_before(now());
  EXPECT_FALSE(restarted.contains(early.id));
  EXPECT_TRUE(restarted.contains(late.id));
  const auto more =
      write([&](store::Transaction& tx) { return sessions.forget_ended(tx, now(), 10); });
  EXPECT_EQ(more, Sessions::More::no);
  EndedSessions again;
  again.load(*store);
  EXPECT_EQ(again.size(), 1U);
}

TEST_F(SessionsTest, ReadersAndWritersOfTheSetMeet) {
  std::vector<base::SessionId> ids;
  for (int i = 0; i < 1000; ++i) ids.push_back(new_id());
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        for (const auto& id : ids) (void)ended.contains(id);
      }
    });
  }
  for (const auto& id : ids) ended.add({&id, 1}, now());
  stop = true;
  for (auto& reader : readers) reader.join();
  for (const auto& id : ids) EXPECT_TRUE(ended.contains(id));
  EXPECT_EQ(ended.size(), ids.size());
}

TEST_F(SessionsTest, DeletesWhatHasExpiredInPortions) {
  for (int i = 0; i < 5; ++i) add(ada);
  pass(hours(1));
  const auto alive = add(ada);
  pass(std::chrono::days(30) - hours(1));
  const auto run = [&] {
    return write([&](store::Transaction& tx) { return sessions.delete_expired(tx, now(), 3); });
  };
  EXPECT_EQ(run(), Sessions::More::yes);
  EXPECT_EQ(run(), Sessions::More::no);
  EXPECT_TRUE(find(alive.id));
}

}  // namespace
}  // namespace vestibule::sessions
