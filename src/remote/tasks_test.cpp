#include "remote/tasks.h"

#include <gtest/gtest.h>

#include "remote/testing.h"

namespace vestibule::remote {
namespace {

using namespace std::chrono_literals;

class TasksTest : public ::testing::Test {
 protected:
  template <class F>
  auto write(F unit) {
    return world.write(std::move(unit));
  }
  Task begun() {
    Task task{.subject = "400", .kind = TaskKind::upgrade, .step = 1, .document = "{\"a\":1}"};
    EXPECT_TRUE(write([&](auto& tx) { return tasks.begin(tx, task, world.now()); }));
    return task;
  }
  std::optional<Task> take() {
    return write([&](auto& tx) { return tasks.take(tx, "400", world.now()); });
  }

  guests::World world;
  keys::PurposeKeys keys{keys::MasterKey::parse(base::Secret(std::string(42, 'q') + "A")).value()};
  Tasks tasks{keys, world.random, 10s};
};

TEST_F(TasksTest, OneThingIsUnderWayWithAUser) {
  begun();
  Task other{.subject = "400", .kind = TaskKind::removal};
  EXPECT_FALSE(write([&](auto& tx) { return tasks.begin(tx, other, world.now()); }));
  EXPECT_FALSE(write([&](auto& tx) { return tasks.leave_for_later(tx, other, world.now()); }));
  other.subject = "401";
  EXPECT_TRUE(write([&](auto& tx) { return tasks.begin(tx, other, world.now()); }));
}

TEST_F(TasksTest, ADrivenTaskIsLeftAloneUntilItsLeaseEnds) {
  begun();
  world.clock.advance(9999ms);
  EXPECT_FALSE(take());
  world.clock.advance(1ms);
  const auto taken = take();
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->fence, 2);
  EXPECT_EQ(taken->document, "{\"a\":1}");
  EXPECT_FALSE(take()) << "it is driven again";
}

TEST_F(TasksTest, TheWordOfAFormerDriverIsVoid) {
  auto former = begun();
  world.clock.advance(10s);
  auto present = take().value();
  EXPECT_FALSE(write([&](auto& tx) { return tasks.hold(tx, former, world.now()); }));
  EXPECT_FALSE(write([&](auto& tx) { return Tasks::finish(tx, former); }));
  EXPECT_FALSE(write([&](auto& tx) { return tasks.take_over(tx, former, world.now()); }));
  EXPECT_TRUE(write([&](auto& tx) { return tasks.hold(tx, present, world.now()); }));
  EXPECT_TRUE(write([&](auto& tx) { return Tasks::finish(tx, present); }));
  EXPECT_FALSE(write([&](auto& tx) { return tasks.hold(tx, present, world.now()); }));
}

TEST_F(TasksTest, ATakenOverTaskIsRewritten) {
  auto former = begun();
  Task task{.subject = "400", .kind = TaskKind::removal, .step = 3, .document = "{}"};
  task.fence = former.fence;
  ASSERT_TRUE(write([&](auto& tx) { return tasks.take_over(tx, task, world.now()); }));
  const auto found = write([&](auto& tx) { return tasks.find(tx, "400", world.now()); });
  EXPECT_EQ(found->kind, TaskKind::removal);
  EXPECT_EQ(found->step, 3);
  EXPECT_EQ(found->fence, 2);
  EXPECT_FALSE(write([&](auto& tx) { return Tasks::finish(tx, former); }));
}

TEST_F(TasksTest, TheDocumentIsSealed) {
  static const store::Statement raw{"test.document", "select document from remote_tasks"};
  Task task{.subject = "400", .kind = TaskKind::upgrade, .document = "{\"password\":\"hunter\"}"};
  write([&](auto& tx) { tasks.begin(tx, task, world.now()); });
  world.read([&](store::Transaction& tx) {
    auto rows = tx.query(raw);
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.text(0).find("hunter"), std::string_view::npos);
  });
  keys::PurposeKeys others{
      keys::MasterKey::parse(base::Secret(std::string(42, 'r') + "A")).value()};
  const Tasks foreign{others, world.random, 10s};
  EXPECT_THROW(write([&](auto& tx) { return foreign.find(tx, "400", world.now()); }),
               std::runtime_error);
}

TEST_F(TasksTest, WhatIsDueComesOldestFirst) {
  for (const auto* const subject : {"3", "1", "2"}) {
    Task task{.subject = subject, .kind = TaskKind::removal};
    write([&](auto& tx) { tasks.leave_for_later(tx, task, world.now()); });
    world.clock.advance(1ms);
  }
  begun();
  const auto due =
      world.read([&](store::Transaction& tx) { return Tasks::list_due(tx, world.now(), 10); });
  EXPECT_EQ(due, (std::vector<std::string>{"3", "1", "2"}));
}

}  // namespace
}  // namespace vestibule::remote
