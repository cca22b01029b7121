#include <gtest/gtest.h>

#include "guests/testing.h"

namespace vestibule::guests {
namespace {

using namespace std::chrono_literals;

// The state table of README.md: what each verb does to a user in each state. `purging` exists only
// inside the transaction that deletes; others see what was before or `gone`.
enum class State { guest, merging, account, gone };
enum class Verb { provision_ticket, provision_key, upgrade, merge, acknowledge, purge, erase };

struct Cell {
  State state;
  Verb verb;
  std::string_view outcome;  ///< "done", "same", "spared", or the reason of the refusal
  State after;
};

constexpr Cell table[] = {
    {State::guest, Verb::provision_ticket, "same", State::guest},
    {State::guest, Verb::provision_key, "same", State::guest},
    {State::guest, Verb::upgrade, "done", State::account},
    {State::guest, Verb::merge, "done", State::merging},
    {State::guest, Verb::acknowledge, "unknown_merge", State::guest},
    {State::guest, Verb::purge, "done", State::gone},
    {State::guest, Verb::erase, "done", State::gone},

    {State::merging, Verb::provision_ticket, "ticket_used", State::merging},
    {State::merging, Verb::provision_key, "not_a_guest", State::merging},
    {State::merging, Verb::upgrade, "merging", State::merging},
    {State::merging, Verb::merge, "merging", State::merging},
    {State::merging, Verb::acknowledge, "done", State::gone},
    {State::merging, Verb::purge, "spared", State::merging},
    {State::merging, Verb::erase, "merging", State::merging},

    {State::account, Verb::provision_ticket, "ticket_used", State::account},
    {State::account, Verb::provision_key, "not_a_guest", State::account},
    {State::account, Verb::upgrade, "no_session", State::account},
    {State::account, Verb::merge, "not_a_guest", State::account},
    {State::account, Verb::acknowledge, "unknown_merge", State::account},
    {State::account, Verb::purge, "spared", State::account},
    {State::account, Verb::erase, "done", State::gone},

    {State::gone, Verb::provision_ticket, "ticket_used", State::gone},
    {State::gone, Verb::provision_key, "guest_gone", State::gone},
    {State::gone, Verb::upgrade, "guest_gone", State::gone},
    {State::gone, Verb::merge, "guest_gone", State::gone},
    {State::gone, Verb::acknowledge, "unknown_merge", State::gone},
    {State::gone, Verb::purge, "spared", State::gone},
    {State::gone, Verb::erase, "guest_gone", State::gone},
};

/// One user in the state of the cell, which both a ticket and an idempotency key lead to.
class Scene {
 public:
  explicit Scene(State state) : world_({holder("shop")}) {
    first_ = world_.account("first@example.org").user.id;
    second_ = world_.account("second@example.org").user.id;
    auto made = world_.write([&](store::Transaction& tx) {
      return world_.guests->provision(tx, world_.authority, key_, world_.now());
    });
    guest_.user = made.value().user;
    guest_.session = sessions::Session{.id = world_.new_session_id(),
                                       .user = guest_.user.id,
                                       .created_at = world_.now(),
                                       .rotated_at = world_.now(),
                                       .expires_at = world_.now() + 24h * 60};
    world_.write([&](store::Transaction& tx) { world_.sessions->insert(tx, *guest_.session); });
    enter(state);
  }

  std::string_view run(Verb verb) {
    switch (verb) {
      case Verb::provision_ticket:
        return outcome(world_.provision(guest_.session->id));
      case Verb::provision_key:
        return outcome(world_.write([&](store::Transaction& tx) {
          return world_.guests->provision(tx, world_.authority, key_, world_.now());
        }));
      case Verb::upgrade:
        return outcome(world_.upgrade(guest_));
      case Verb::merge:
        return outcome(world_.request_merge(guest_.user.id, second_));
      case Verb::acknowledge:
        return outcome(world_.acknowledge(merge_, "shop"));
      case Verb::purge:
        return world_.purge(-48h) == 1 ? "done" : "spared";
      case Verb::erase:
        return outcome(world_.erase(guest_.user.id, EraseReason::self));
    }
    return "";
  }

  State state() {
    const auto user = world_.find(guest_.user.id);
    if (!user) return State::gone;
    switch (user->standing()) {
      case accounts::Standing::guest:
        return State::guest;
      case accounts::Standing::merging:
        return State::merging;
      case accounts::Standing::account:
        break;
    }
    return State::account;
  }

 private:
  void enter(State state) {
    switch (state) {
      case State::guest:
        return;
      case State::merging:
        merge_ = world_.request_merge(guest_.user.id, first_).value().id;
        return;
      case State::account:
        ASSERT_TRUE(world_.upgrade(guest_));
        return;
      case State::gone:
        ASSERT_TRUE(world_.erase(guest_.user.id, EraseReason::deleted));
        return;
    }
  }
  template <class T>
  std::string_view outcome(const base::Result<T>& result) {
    if (!result) return result.error().reason;
    if constexpr (std::is_same_v<T, Provisioned>) {
      return result->user.id == guest_.user.id ? "same" : "another user";
    }
    return "done";
  }

  World world_;
  KeyRequest key_{"key", "{}"};
  base::UserId first_;
  base::UserId second_;
  Provisioned guest_;
  base::MergeId merge_{5};
};

TEST(StateTable, every_cell) {
  for (const auto& cell : table) {
    SCOPED_TRACE(testing::Message() << "state " << static_cast<int>(cell.state) << ", verb "
                                    << static_cast<int>(cell.verb));
    Scene scene(cell.state);
    ASSERT_EQ(scene.state(), cell.state);
    EXPECT_EQ(scene.run(cell.verb), cell.outcome);
    EXPECT_EQ(scene.state(), cell.after);
  }
}

}  // namespace
}  // namespace vestibule::guests
