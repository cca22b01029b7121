#include "keys/key_ring.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

#include "jose/jwt.h"
#include "store/sqlite.h"
#include "store/testing.h"

namespace vestibule::keys {
namespace {

using base::Seconds;
using jose::Algorithm;
using std::chrono::days;

constexpr store::Statement sealed_statement{
    "test_sealed", "select private_sealed from signing_keys where kid = $1"};
constexpr store::Statement count_statement{"test_count", "select count(*) from signing_keys"};
constexpr store::Statement swap_statement{
    "test_swap",
    "update signing_keys set private_sealed = (select private_sealed from signing_keys where kid = "
    "$2) where kid = $1"};
constexpr store::Statement rename_statement{"test_rename",
                                            "update signing_keys set algorithm = 'PS256'"};

MasterKey master(char fill) {
  return MasterKey::parse(base::Secret(std::string(42, fill) + "A")).value();
}

class KeyRingTest : public testing::Test {
 protected:
  KeyRingTest() { EXPECT_TRUE(ring_.open(*store_, clock_.now())); }

  base::Result<Rotation> rotate(RotationCause cause, Algorithm algorithm = Algorithm::es256) {
    const auto fresh = generate(std::array{algorithm});
    return store_->write([&](store::Transaction& tx) {
      return ring_.rotate(tx, fresh.front(), clock_.now(), cause);
    });
  }
  std::vector<Rotation> rotate_if_due() {
    const auto fresh = generate(ring_.due(clock_.now()));
    return store_
        ->write(
            [&](store::Transaction& tx) { return ring_.rotate_if_due(tx, fresh, clock_.now()); })
        .value();
  }
  std::int64_t count() {
    return store_->read([](store::Transaction& tx) {
      auto rows = tx.query(count_statement);
      return rows.next() ? rows.integer(0) : -1;
    });
  }
  std::string kid(UseState state, Algorithm algorithm = Algorithm::es256) const {
    const auto ring = ring_.ring();
    const auto* key = ring->find(algorithm, state);
    return key == nullptr ? "" : key->kid;
  }
  bool accepts(const std::string& token) const {
    const jose::Policy policy{.issuer = "i",
                              .audience = "a",
                              .allowed = {Algorithm::es256, Algorithm::eddsa, Algorithm::rs256},
                              .types = {"at+jwt"}};
    const auto published = jose::KeySet::from_json(ring_.ring()->jwks_json()).value();
    return jose::verify(token, published, policy, clock_.now()).has_value();
  }
  std::string token(Algorithm algorithm = Algorithm::es256) const {
    const auto payload = R"({"iss":"i","sub":"1","aud":"a","exp":)" +
                         std::to_string(base::to_seconds(clock_.now() + Seconds{43'199})) + "}";
    const auto ring = ring_.ring();
    return jose::sign_compact(*ring->signer(algorithm), jose::TokenType::access_token, payload);
  }

  base::FakeClock clock_;
  base::SystemRandom random_;
  RotationPolicy policy_;
  std::unique_ptr<store::Store> store_ = store::open_temporary();
  KeyRing ring_{master('A'), policy_, {Algorithm::es256, Algorithm::eddsa}, random_};
};

TEST_F(KeyRingTest, FirstStartMakesACurrentAndANextKeyOfEach) {
  const auto ring = ring_.ring();
  EXPECT_EQ(ring->keys().size(), 4U);
  EXPECT_EQ(ring->signer(Algorithm::es256)->kid(), kid(UseState::current));
  EXPECT_EQ(ring->signer(Algorithm::rs256), nullptr);
  EXPECT_TRUE(ring_.missing(std::array{Algorithm::es256}).empty());
  EXPECT_EQ(jose::KeySet::from_json(ring->jwks_json()).value().keys().size(), 4U);
  EXPECT_NE(ring->find(kid(UseState::next)), nullptr);
  EXPECT_EQ(ring->find("another"), nullptr);
  EXPECT_TRUE(accepts(token()));
  EXPECT_TRUE(accepts(token(Algorithm::eddsa)));
}

TEST_F(KeyRingTest, PrivateHalvesAreSealed) {
  const auto signer = ring_.ring()->signer(Algorithm::es256)->key();
  store_->read([&](store::Transaction& tx) {
    auto rows = tx.query(sealed_statement, kid(UseState::current));
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.blob(0).find(signer.to_der().reveal()), std::string_view::npos);
    EXPECT_GT(rows.blob(0).size(), signer.to_der().size());
  });
  EXPECT_EQ(ring_.ring()->jwks_json().find("\"d\""), std::string::npos);
}

TEST_F(KeyRingTest, AnotherStartFindsTheSameKeys) {
  KeyRing again(master('A'), policy_, {Algorithm::es256, Algorithm::eddsa}, random_);
  ASSERT_TRUE(again.open(*store_, clock_.now()));
  EXPECT_EQ(again.ring()->jwks_json(), ring_.ring()->jwks_json());
  EXPECT_EQ(count(), 4);
}

TEST_F(KeyRingTest, AnotherMasterKeyIsReportedAndChangesNothing) {
  KeyRing again(master('B'), policy_, {Algorithm::es256}, random_);
  const auto opened = again.open(*store_, clock_.now());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().reason, "signing_key_unreadable");
  EXPECT_NE(opened.error().message.find("another master key"), std::string::npos);
  EXPECT_EQ(count(), 4);
}

TEST_F(KeyRingTest, RowsCannotBeMixedOrRelabelled) {
  store_->write([&](store::Transaction& tx) {
    tx.execute(swap_statement, kid(UseState::current), kid(UseState::next));
  });
  EXPECT_EQ(ring_.reload(*store_, clock_.now()).error().reason, "signing_key_unreadable");
  EXPECT_EQ(ring_.ring()->keys().size(), 4U) << "the ring in use stays";
}

TEST_F(KeyRingTest, AnAlgorithmCannotBeRelabelled) {
  store_->write([&](store::Transaction& tx) { tx.execute(rename_statement); });
  EXPECT_EQ(ring_.reload(*store_, clock_.now()).error().reason, "signing_key_unreadable");
}

TEST_F(KeyRingTest, RotationMovesEachKeyOneStateOn) {
  const auto current = kid(UseState::current);
  const auto next = kid(UseState::next);
  const auto old = token();
  clock_.advance(days(2));
  const auto rotation = rotate(RotationCause::schedule);
  ASSERT_TRUE(rotation);
  EXPECT_EQ(rotation->previous_kid, current);
  EXPECT_EQ(rotation->current_kid, next);
  EXPECT_EQ(rotation->next_kid, kid(UseState::next));
  EXPECT_EQ(rotation->publication, Publication::long_enough);
  EXPECT_EQ(rotation->published_for, days(2));
  EXPECT_EQ(kid(UseState::current), next);
  EXPECT_EQ(kid(UseState::previous), current);
  EXPECT_EQ(ring_.ring()->signer(Algorithm::es256)->kid(), next);
  EXPECT_TRUE(accepts(token()));
  store_->read([&](store::Transaction& tx) {
    auto rows = tx.query(sealed_statement, current);
    ASSERT_TRUE(rows.next());
    EXPECT_TRUE(rows.blob(0).empty()) << "the private half is gone";
  });
}

TEST_F(KeyRingTest, ATokenOfThePreviousKeyVerifiesUntilItExpires) {
  clock_.advance(days(2));
  const auto old = token();
  const auto previous = kid(UseState::current);
  ASSERT_TRUE(rotate(RotationCause::by_operator));
  clock_.advance(Seconds{43'198});
  ASSERT_TRUE(ring_.reload(*store_, clock_.now()));
  EXPECT_TRUE(accepts(old));
  clock_.advance(Seconds{1 + 300});
  EXPECT_NE(ring_.ring()->find(previous), nullptr);
  ASSERT_TRUE(ring_.reload(*store_, clock_.now()));
  EXPECT_EQ(ring_.ring()->find(previous), nullptr);
  EXPECT_EQ(count(), 5);
  EXPECT_TRUE(rotate_if_due().empty());
  EXPECT_EQ(count(), 4) << "erased";
}

TEST_F(KeyRingTest, ScheduleWaitsForPublication) {
  clock_.advance(policy_.publish_ahead - Seconds{1});
  const auto before = kid(UseState::current);
  EXPECT_EQ(rotate(RotationCause::schedule).error().reason, "not_published_long_enough");
  EXPECT_EQ(kid(UseState::current), before);
  clock_.advance(Seconds{1});
  EXPECT_TRUE(rotate(RotationCause::schedule));
}

TEST_F(KeyRingTest, AnOperatorRotatesAtOnceAndIsTold) {
  clock_.advance(Seconds{60});
  const auto next = kid(UseState::next);
  const auto rotation = rotate(RotationCause::by_operator);
  ASSERT_TRUE(rotation);
  EXPECT_EQ(rotation->publication, Publication::too_short);
  EXPECT_EQ(rotation->published_for, Seconds{60});
  EXPECT_EQ(kid(UseState::current), next);
}

TEST_F(KeyRingTest, ARolledBackRotationIsNotSeen) {
  const auto before = ring_.ring()->jwks_json();
  const auto fresh = generate(std::array{Algorithm::es256});
  const auto refused = store_->write([&](store::Transaction& tx) -> base::Result<void> {
    const auto rotation = ring_.rotate(tx, fresh.front(), clock_.now(), RotationCause::by_operator);
    EXPECT_EQ(rotation.value().publication, Publication::too_short);
    return base::fail(base::ErrorKind::conflict, "too_short", "not published long enough");
  });
  EXPECT_FALSE(refused);
  EXPECT_EQ(ring_.ring()->jwks_json(), before);
  ASSERT_TRUE(ring_.reload(*store_, clock_.now()));
  EXPECT_EQ(ring_.ring()->jwks_json(), before);
}

TEST_F(KeyRingTest, OnlyDueAlgorithmsRotateBySchedule) {
  EXPECT_TRUE(ring_.due(clock_.now()).empty());
  clock_.advance(days(80));
  ASSERT_TRUE(rotate(RotationCause::by_operator, Algorithm::eddsa));
  clock_.advance(days(10));
  EXPECT_EQ(ring_.due(clock_.now()), std::vector{Algorithm::es256});
  const auto rotations = rotate_if_due();
  ASSERT_EQ(rotations.size(), 1U);
  EXPECT_EQ(rotations[0].algorithm, Algorithm::es256);
  EXPECT_TRUE(rotate_if_due().empty());
}

TEST_F(KeyRingTest, OfTwoNodesOneRotates) {
  KeyRing other(master('A'), policy_, {Algorithm::es256}, random_);
  ASSERT_TRUE(other.open(*store_, clock_.now()));
  clock_.advance(days(90));
  ASSERT_EQ(rotate_if_due().size(), 2U);
  // The other node still sees the old ring and comes second.
  const auto due = other.due(clock_.now());
  EXPECT_EQ(due.size(), 2U);
  const auto late = store_->write(
      [&](store::Transaction& tx) { return other.rotate_if_due(tx, generate(due), clock_.now()); });
  EXPECT_TRUE(late.value().empty());
  EXPECT_EQ(other.ring()->jwks_json(), ring_.ring()->jwks_json()) << "and has caught up";
}

TEST_F(KeyRingTest, AFurtherAlgorithmOnDemand) {
  EXPECT_EQ(rotate(RotationCause::by_operator, Algorithm::rs256).error().reason, "no_such_key");
  const auto fresh = generate(std::array{Algorithm::rs256, Algorithm::rs256, Algorithm::es256});
  ASSERT_TRUE(store_->write(
      [&](store::Transaction& tx) { return ring_.ensure_keys(tx, fresh, clock_.now()); }));
  EXPECT_EQ(count(), 6) << "the ES256 key was not needed";
  EXPECT_TRUE(accepts(token(Algorithm::rs256)));
}

TEST_F(KeyRingTest, ProvidesWhatAClientIsRegisteredFor) {
  const std::array wanted{Algorithm::es256, Algorithm::rs256};
  const auto before = count();
  EXPECT_EQ(ring_.missing(wanted).size(), 2U) << "a current and a next key";
  ASSERT_TRUE(ring_.provide(*store_, wanted, clock_.now()));
  EXPECT_EQ(count(), before + 2);
  EXPECT_TRUE(accepts(token(Algorithm::rs256)));
  ASSERT_TRUE(ring_.provide(*store_, wanted, clock_.now()));
  EXPECT_EQ(count(), before + 2) << "once";
}

TEST_F(KeyRingTest, RefusesAPolicyThatCannotWork) {
  const auto field = [](RotationPolicy policy) { return policy.check().error().field; };
  EXPECT_TRUE(RotationPolicy{}.check());
  EXPECT_EQ(field({.publish_ahead = jwks_max_age}), "publish_ahead");
  EXPECT_EQ(field({.rotate_every = Seconds{3600}}), "rotate_every");
  EXPECT_EQ(field({.longest_token = Seconds{0}}), "longest_token");
  EXPECT_EQ(field({.skew = Seconds{-1}}), "skew");
  EXPECT_THROW(KeyRing(master('A'), {.publish_ahead = Seconds{1}}, {}, random_),
               std::invalid_argument);
}

// Over a year of scheduled rotations, every token verifies for all of its life with the key set as
// it was published up to max-age ago.
TEST_F(KeyRingTest, NoTokenIsEverUnverifiableDuringAYear) {
  auto cached = jose::KeySet::from_json(ring_.ring()->jwks_json()).value();
  const jose::Policy policy{
      .issuer = "i", .audience = "a", .allowed = {Algorithm::es256}, .types = {"at+jwt"}};
  std::string older = token();
  for (int hour = 0; hour < 24 * 365; hour += 10) {
    clock_.advance(std::chrono::hours(10));
    if (!ring_.due(clock_.now()).empty() || hour % 50 == 0) rotate_if_due();
    for (const auto& text : {token(), older}) {
      ASSERT_TRUE(jose::verify(text, cached, policy, clock_.now())) << hour;
    }
    older = token();
    cached = ring_.ring()->verification_keys();
  }
  EXPECT_EQ(count(), 4);
}

TEST_F(KeyRingTest, ReadersAlwaysSeeAWholeRing) {
  std::atomic<bool> stop = false;
  std::thread reader([&] {
    while (!stop) {
      const auto ring = ring_.ring();
      const auto* current = ring->find(Algorithm::es256, UseState::current);
      ASSERT_NE(current, nullptr);
      ASSERT_EQ(ring->signer(Algorithm::es256)->kid(), current->kid);
      std::this_thread::yield();
    }
  });
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(rotate(RotationCause::by_operator));
    EXPECT_TRUE(ring_.reload(*store_, clock_.now()));
  }
  stop = true;
  reader.join();
}

TEST(KeyRingDurability, KeysSurviveAReopenedFile) {
  const store::TemporaryDirectory directory;
  base::FakeClock clock;
  base::SystemRandom random;
  std::string first;
  for (int start = 0; start < 2; ++start) {
    const auto store = store::open_sqlite({.path = directory.path() / "vestibule.db"});
    const auto key = MasterKey::load_or_create(directory.path(), random);
    ASSERT_TRUE(key);
    KeyRing ring(*key, {}, {Algorithm::es256}, random);
    ASSERT_TRUE(ring.open(*store, clock.now()));
    if (start == 0) first = ring.ring()->jwks_json();
    EXPECT_EQ(ring.ring()->jwks_json(), first);
  }
}

}  // namespace
}  // namespace vestibule::keys
