#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "guests/interleavings/actors_test.h"

namespace vestibule::guests::interleavings {
namespace {

// Every order of the transactions of some actors on one person, on the real store: a schedule is a
// path of a tree that is walked depth first, a savepoint a transaction. Since the store has one
// writer and readers see what is committed, an order of transactions is all that concurrency can
// make of them.
const store::Statement open_branch{"test.open_branch", "savepoint branch"};
const store::Statement undo_branch{"test.undo_branch", "rollback to branch"};
const store::Statement close_branch{"test.close_branch", "release branch"};

struct Count {
  std::int64_t schedules = 0;
  std::int64_t transactions = 0;
};

class Explorer {
 public:
  Explorer(const Stage& stage, std::vector<const Actor*> actors, std::size_t depth)
      : stage_(stage), actors_(std::move(actors)), depth_(depth) {}

  Count run() {
    Model model;
    model.abandoned = stage_.abandoned;
    const auto undone = stage_.world.write([&](store::Transaction& tx) -> base::Result<void> {
      explore(tx, model, Hands{}, nullptr);
      return base::fail(base::ErrorKind::conflict, "undo", "the next ones begin where this did");
    });
    EXPECT_FALSE(undone.has_value());
    return count_;
  }

 private:
  const Step* next_step(std::size_t actor, const Hands& hands) const {
    const auto& steps = actors_[actor]->steps;
    const auto done = hands.steps_done[actor];
    return done < steps.size() ? &steps[done] : nullptr;
  }

  void explore(store::Transaction& tx, const Model& model, const Hands& hands,
               const Actor* last_reader) {
    bool ended = true;
    for (std::size_t i = 0; i < actors_.size() && !testing::Test::HasFailure(); ++i) {
      const Step* const step = next_step(i, hands);
      if (step == nullptr || path_.size() >= depth_) continue;
      ended = false;
      // Two reads in a row see the same: one of the two orders is enough.
      const bool reads = step->access == Access::read;
      if (reads && last_reader != nullptr && last_reader > actors_[i]) continue;
      path_.emplace_back(actors_[i]->name);
      take(tx, model, hands, i);
      path_.pop_back();
    }
    if (ended) ++count_.schedules;
  }

  /// One transaction, what follows it, and everything undone.
  void take(store::Transaction& tx, Model model, Hands hands, std::size_t actor) {
    const Step& step = *next_step(actor, hands);
    tx.execute(open_branch);
    const auto outcome = step.run(stage_, tx, hands);
    if (outcome.kept == store::Outcome::roll_back) tx.execute(undo_branch);
    ++count_.transactions;
    const auto expected = step.expected(model);
    EXPECT_EQ(outcome.word, expected) << path();
    EXPECT_EQ(stage_.differences(tx, model), "") << path();
    auto& done = hands.steps_done[actor];
    done = outcome.word == "ok" ? done + 1 : actors_[actor]->steps.size();
    explore(tx, model, hands, step.access == Access::read ? actors_[actor] : nullptr);
    tx.execute(undo_branch);
    tx.execute(close_branch);
  }

  std::string path() const {
    std::string out;
    for (const auto& name : path_) out += (out.empty() ? "" : ", ") + name;
    return out;
  }

  const Stage& stage_;
  const std::vector<const Actor*> actors_;
  const std::size_t depth_;
  std::vector<std::string> path_;
  Count count_;
};

std::vector<Actor> all_actors(bool abandoned) {
  std::vector<Actor> actors{upgrade<upgraded>(),
                            upgrade<upgraded_again>(),
                            merge(),
                            merge_elsewhere(),
                            purge(),
                            renewal(),
                            refresh(),
                            sign_in(),
                            reset(),
                            erase(),
                            deletion_of_target()};
  // A ticket that old is refused before it reaches the store.
  if (!abandoned) actors.push_back(replay());
  return actors;
}

/// Every choice of `size` of the actors, each to the end of all.
Count explore_choices(const Stage& stage, const std::vector<Actor>& actors, std::size_t size) {
  Count sum;
  std::vector<bool> chosen(actors.size());
  std::fill_n(chosen.begin(), size, true);
  do {
    std::vector<const Actor*> some;
    for (std::size_t i = 0; i < actors.size(); ++i) {
      if (chosen[i]) some.push_back(&actors[i]);
    }
    const auto count = Explorer(stage, std::move(some), 100).run();
    sum.schedules += count.schedules;
    sum.transactions += count.transactions;
  } while (!testing::Test::HasFailure() && std::prev_permutation(chosen.begin(), chosen.end()));
  return sum;
}

int from_environment(const char* variable, int otherwise) {
  const char* const value = std::getenv(variable);
  return value == nullptr ? otherwise : static_cast<int>(std::strtol(value, nullptr, 10));
}

void report(std::string_view what, const Count& count) {
  std::printf("%s: %lld schedules, %lld transactions\n", std::string(what).c_str(),
              static_cast<long long>(count.schedules), static_cast<long long>(count.transactions));
}

constexpr int usual_choice = 3;
constexpr int usual_depth = 4;

class Interleavings : public testing::TestWithParam<bool> {};

TEST_P(Interleavings, of_the_whole_lives_of_some_actors) {
  const Stage stage(GetParam());
  const auto actors = all_actors(GetParam());
  const int choice = from_environment("VESTIBULE_TEST_ACTORS", usual_choice);
  const auto count = explore_choices(stage, actors, static_cast<std::size_t>(choice));
  report("every " + std::to_string(choice) + " of " + std::to_string(actors.size()) + " actors",
         count);
  if (choice == usual_choice) EXPECT_EQ(count.schedules, GetParam() ? 9'710 : 11'308);
}

TEST_P(Interleavings, of_the_first_transactions_of_all_actors) {
  const Stage stage(GetParam());
  const auto actors = all_actors(GetParam());
  const int depth = from_environment("VESTIBULE_TEST_DEPTH", usual_depth);
  std::vector<const Actor*> all;
  for (const auto& actor : actors) all.push_back(&actor);
  const auto count = Explorer(stage, std::move(all), static_cast<std::size_t>(depth)).run();
  report("all actors to depth " + std::to_string(depth), count);
  if (depth == usual_depth) EXPECT_EQ(count.schedules, GetParam() ? 8'026 : 12'009);
}

INSTANTIATE_TEST_SUITE_P(OfOnePerson, Interleavings, testing::Values(false, true),
                         [](const auto& scene) {
                           return scene.param ? "abandoned" : "just_arrived";
                         });

}  // namespace
}  // namespace vestibule::guests::interleavings
