#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/state.h>

#include "guests/testing.h"

namespace vestibule::guests {
namespace {

using namespace std::chrono_literals;

// One visitor's life against a small model. Whatever the order of verbs, restarts and time: the
// sub never changes, an account is never purged, data is never orphaned by a merge that was not
// acknowledged, and a dead session leads nowhere.
struct Model {
  enum class State { none, guest, merging, account, gone } state = State::none;
  std::int64_t idle_hours = 0;   ///< since the last activity
  std::int64_t hours_since = 0;  ///< since the ticket's first use
  bool session_alive = false;
};

struct System {
  System() : world({holder("shop")}) {
    target = world.account("target@example.org").user.id;
    ticket = world.new_session_id();
    provisioned.session = sessions::Session{};
    provisioned.session->id = ticket;
  }
  std::optional<accounts::User> user() { return world.find(provisioned.user.id); }

  World world;
  base::UserId target;
  base::SessionId ticket;
  Provisioned provisioned;
  std::optional<base::MergeId> merge;
};

using Command = rc::state::Command<Model, System>;
using State = Model::State;

struct Provision : Command {
  void apply(Model& model) const override {
    if (model.state != State::none) return;
    model.state = State::guest;
    model.session_alive = true;
    model.hours_since = model.idle_hours = 0;
  }
  void run(const Model& model, System& system) const override {
    const auto result = system.world.provision(system.ticket);
    if (model.state == State::none) {
      RC_ASSERT(result.has_value());
      RC_ASSERT(result->freshness == Freshness::created);
      system.provisioned = *result;
    } else if (model.state == State::guest && model.hours_since == 0) {
      RC_ASSERT(result.has_value());
      RC_ASSERT(result->user.id == system.provisioned.user.id);
    } else if (model.hours_since < 24) {
      // Later the ticket itself is refused, by the gateway.
      RC_ASSERT(!result.has_value());
      RC_ASSERT(result.error().reason == "ticket_used");
    } else {
      RC_DISCARD("a ticket that old does not reach the store");
    }
  }
  void checkPreconditions(const Model& model) const override {
    RC_PRE(model.state == State::none || model.hours_since < 24);
  }
};

struct Upgrade : Command {
  void apply(Model& model) const override {
    if (model.state != State::guest || !model.session_alive) return;
    model.state = State::account;
    model.session_alive = false;  // that of the ticket
    model.idle_hours = 0;
  }
  void run(const Model& model, System& system) const override {
    const auto result = system.world.upgrade(system.provisioned);
    if (model.state == State::guest && model.session_alive) {
      RC_ASSERT(result.has_value());
      RC_ASSERT(result->user.subject() == system.provisioned.user.subject());
      return;
    }
    RC_ASSERT(!result.has_value());
    const auto reason = result.error().reason;
    if (model.state == State::none || model.state == State::gone) RC_ASSERT(reason == "guest_gone");
    if (model.state == State::merging) RC_ASSERT(reason == "merging");
    if (model.state == State::account) RC_ASSERT(reason == "no_session");
  }
};

struct RequestMerge : Command {
  void apply(Model& model) const override {
    if (model.state != State::guest) return;
    model.state = State::merging;
    model.session_alive = false;
  }
  void run(const Model& model, System& system) const override {
    const auto result = system.world.request_merge(system.provisioned.user.id, system.target);
    if (model.state == State::guest) {
      RC_ASSERT(result.has_value());
      system.merge = result->id;
    } else if (system.merge) {
      RC_ASSERT(result->id == *system.merge);
    } else {
      RC_ASSERT(!result.has_value());
    }
  }
};

struct Acknowledge : Command {
  void apply(Model& model) const override {
    if (model.state == State::merging) model.state = State::gone;
  }
  void run(const Model& model, System& system) const override {
    if (!system.merge) return;
    RC_ASSERT(system.world.acknowledge(*system.merge, "shop")->state == MergeState::done);
    RC_ASSERT(model.state == State::merging || model.state == State::gone);
  }
};

struct Purge : Command {
  static constexpr int days = 30;
  void apply(Model& model) const override {
    if (due(model)) {
      model.state = State::gone;
      model.session_alive = false;
    }
  }
  void run(const Model& model, System& system) const override {
    RC_ASSERT(system.world.purge(24h * days) == (due(model) ? 1 : 0));
  }
  // Time passes in whole days, so the guest day is over when the activity is that old.
  static bool due(const Model& model) {
    return model.state == State::guest && model.idle_hours > 24 * (days + 1);
  }
  void checkPreconditions(const Model& model) const override {
    RC_PRE(model.idle_hours <= 24 * (days - 1) || model.idle_hours > 24 * (days + 1));
  }
};

struct Erase : Command {
  void apply(Model& model) const override {
    if (model.state == State::guest || model.state == State::account) {
      model.state = State::gone;
      model.session_alive = false;
    }
  }
  void run(const Model& model, System& system) const override {
    const auto result = system.world.erase(system.provisioned.user.id, EraseReason::self);
    RC_ASSERT(result.has_value() == (model.state == State::guest || model.state == State::account));
  }
};

struct Pass : Command {
  std::int64_t hours = *rc::gen::element<std::int64_t>(1, 24, 24 * 10, 24 * 40);
  void apply(Model& model) const override {
    model.idle_hours += hours;
    model.hours_since += hours;
    if (model.hours_since >= 24 * 30) model.session_alive = false;
  }
  void run(const Model&, System& system) const override {
    system.world.clock.advance(std::chrono::hours(hours));
  }
  void show(std::ostream& out) const override { out << "Pass(" << hours << " h)"; }
};

struct Restart : Command {
  void run(const Model&, System& system) const override { system.world.reopen(); }
};

/// Looks at the user after whatever came before.
struct Look : Command {
  void run(const Model& model, System& system) const override {
    const auto user = system.user();
    RC_ASSERT(user.has_value() == (model.state != State::none && model.state != State::gone));
    RC_ASSERT(system.world.find_session(system.ticket).has_value() == model.session_alive);
    RC_ASSERT(system.world.find(system.target).has_value());
    if (!user) return;
    RC_ASSERT(user->subject() == system.provisioned.user.subject());
    RC_ASSERT(user->is_guest() == (model.state != State::account));
    RC_ASSERT(user->merge.has_value() == (model.state == State::merging));
  }
};

TEST(Life, of_one_visitor_follows_the_model) {
  const bool ok = rc::check([] {
    System system;
    rc::state::check(
        Model{}, system,
        rc::state::gen::execOneOfWithArgs<Provision, Upgrade, RequestMerge, Acknowledge, Purge,
                                          Erase, Pass, Restart, Look>());
  });
  EXPECT_TRUE(ok);
}

}  // namespace
}  // namespace vestibule::guests
