#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "sessions/refresh.h"
#include "sessions/testing.h"

namespace vestibule::sessions {
namespace {

// What a browser, its second tab and a thief may do in any order, against a model that knows
// nothing but the current generation and when it came to be.
struct Model {
  std::uint32_t generation = 1;
  base::Time rotated_at;
  bool alive = true;

  Rotation present(std::uint32_t handle, base::Time now) {
    if (!alive || handle > generation) return Rotation::unknown;
    if (handle == generation) {
      ++generation;
      rotated_at = now;
      return Rotation::rotated;
    }
    if (handle + 1 == generation && now - rotated_at < rotation_grace &&
        rotated_at - now < rotation_grace) {
      return Rotation::successor;
    }
    alive = false;
    return Rotation::reused;
  }
};

struct Step {
  std::int64_t wait_ms = 0;
  std::uint32_t back = 0;  // how many generations old the handle is
};

std::vector<Step> any_steps() {
  // Waits around the grace, seldom backwards; handles mostly current or one old.
  const auto wait = rc::gen::weightedOneOf<std::int64_t>(
      {{4, rc::gen::inRange<std::int64_t>(0, 40'000)},
       {2, rc::gen::elementOf(std::vector<std::int64_t>{29'999, 30'000, 30'001})},
       {1, rc::gen::inRange<std::int64_t>(-60'000, 0)}});
  const auto back = rc::gen::weightedElement<std::uint32_t>({{6, 0}, {4, 1}, {1, 2}, {1, 3}});
  return *rc::gen::container<std::vector<Step>>(
      rc::gen::build<Step>(rc::gen::set(&Step::wait_ms, wait), rc::gen::set(&Step::back, back)));
}

TEST(RotationProperty, SessionsDoWhatTheModelSays) {
  TestWorld world;
  EXPECT_TRUE(rc::check([&] {
    const auto session = world.add({1});
    Model model{.rotated_at = session.rotated_at};
    for (const Step& step : any_steps()) {
      world.pass(base::Milliseconds(step.wait_ms));
      const auto handle = model.generation - std::min(step.back, model.generation - 1);
      const auto result = world.rotate(session.id, handle);
      RC_ASSERT(result.outcome == model.present(handle, world.now()));
      if (result.outcome == Rotation::rotated || result.outcome == Rotation::successor) {
        RC_ASSERT(result.session->generation == model.generation);
        RC_ASSERT(result.session->rotated_at == model.rotated_at);
      }
      RC_ASSERT(world.find(session.id).has_value() == model.alive);
      RC_ASSERT(world.ended.contains(session.id) == !model.alive);
    }
  }));
}

TEST(RotationProperty, FamiliesDoWhatTheModelSays) {
  TestWorld world;
  EXPECT_TRUE(rc::check([&] {
    const RefreshFamily family{.id = base::Uuid::make(world.now(), world.random),
                               .client = {1},
                               .user = {1},
                               .scope = "openid",
                               .rotated_at = world.now(),
                               .created_at = world.now(),
                               .expires_at = world.now() + std::chrono::days(30)};
    world.write([&](store::Transaction& tx) { insert_family(tx, family); });
    Model model{.rotated_at = family.rotated_at};
    for (const Step& step : any_steps()) {
      world.pass(base::Milliseconds(step.wait_ms));
      const auto handle = model.generation - std::min(step.back, model.generation - 1);
      const auto result = world.write([&](store::Transaction& tx) {
        return rotate_family(tx, {family.id, handle}, world.now());
      });
      RC_ASSERT(result.outcome == model.present(handle, world.now()));
    }
  }));
}

}  // namespace
}  // namespace vestibule::sessions
