#pragma once

#include <algorithm>
#include <array>
#include <string>

#include "accounts/mail_links.h"
#include "guests/interleavings/model_test.h"
#include "guests/testing.h"
#include "sessions/refresh.h"

namespace vestibule::guests::interleavings {

/// What the actors have learned so far: what stands between two transactions of one verb.
struct Hands {
  std::array<std::size_t, 12> steps_done{};
  base::MergeId merge;
  base::MergeId merge_elsewhere;
  base::SessionId came_by;
  std::string reset_token;
};

/// One person and two accounts on the real store, at one instant.
class Stage {
 public:
  explicit Stage(bool abandoned) : abandoned(abandoned) {
    using namespace std::chrono_literals;
    doors[first] = world.new_session_id();
    const TicketRequest ticket{doors[first], world.now() + 24h * 400};
    const auto made = world.write([&](store::Transaction& tx) {
      return world.guests->provision(tx, world.authority, ticket, world.now());
    });
    person = made.value().user;
    family.id = base::Uuid::make(world.now(), world.random);
    family.client = base::ClientId{17};
    family.user = person.id;
    family.scope = "openid offline_access";
    family.rotated_at = family.created_at = world.now();
    family.expires_at = world.now() + 24h * 400;
    world.write([&](store::Transaction& tx) { sessions::insert_family(tx, family); });
    if (abandoned) world.clock.advance(24h * 40);
    doors[upgraded] = world.new_session_id();
    doors[upgraded_again] = world.new_session_id();
    const auto account = world.account("a@example.org");
    a = account.user.id;
    session_of_a = account.session.id;
    b = world.account("b@example.org").user.id;
    fresh_session_of_a = world.new_session_id();
    now = world.now();
    cutoff = abandoned ? now - 24h * 30 : now + 24h * 2;
  }

  /// What in the store is not as the model has it; empty if all is.
  std::string differences(store::Transaction& tx, const Model& model) const {
    std::string out;
    const auto compare = [&](std::string_view what, auto found, auto expected) {
      if (found != expected) out += std::string(what) + " ";
    };
    const auto user = accounts::find_user(tx, person.id);
    compare("existence", user.has_value(), model.life != Life::gone);
    compare("tombstone", has_row(tx, tombstone_sql, person.id), model.life == Life::gone);
    if (user) {
      compare("sub", user->subject(), person.subject());
      compare("merging", user->merge.has_value(), model.life == Life::merging);
      if (model.life != Life::merging) {
        compare("guest day", user->is_guest(), model.life == Life::guest);
      }
    }
    for (std::size_t door = 0; door < doors.size(); ++door) {
      const auto session = world.sessions->find(tx, doors[door], now);
      compare("session", session && session->user == person.id, model.living[door]);
    }
    const auto kept = sessions::find_family(tx, family.id, now);
    compare("family", kept.has_value(), model.family);
    if (kept) {
      compare("generation", static_cast<int>(kept->generation), model.family_generation);
    }
    compare("target", accounts::find_user(tx, a).has_value(), model.target_exists);
    compare("target's session", world.sessions->find(tx, session_of_a, now).has_value(),
            model.target_session);
    compare("other target", accounts::find_user(tx, b).has_value(), true);
    const bool merged = model.life == Life::gone && model.told.back() == events::guest_merged;
    compare("alias", find_alias(tx, "shop", person.subject()).has_value(), merged);
    compare("events", told_to_shop(tx), names(model.told));
    return out;
  }

  const bool abandoned;
  mutable World world{{holder("shop"), holder("forum")}};
  accounts::User person;
  std::array<base::SessionId, 3> doors;  ///< by Door
  sessions::RefreshFamily family;
  base::UserId a;
  base::UserId b;
  base::SessionId session_of_a;
  base::SessionId fresh_session_of_a;
  base::Time now;
  base::Time cutoff;

 private:
  static constexpr store::Statement tombstone_sql{"test.tombstone",
                                                  "select 1 from tombstones where id = $1"};
  static constexpr store::Statement events_sql{
      "test.told",
      "select type from outbox where application = 'shop' and user_id = $1"
      " and type <> 'guest.merge_requested' order by id"};

  static bool has_row(store::Transaction& tx, const store::Statement& statement, base::UserId id) {
    return tx.query(statement, id).next();
  }
  std::string told_to_shop(store::Transaction& tx) const {
    std::string out;
    auto rows = tx.query(events_sql, person.id);
    while (rows.next()) out += std::string(rows.text(0)) + " ";
    return out;
  }
  static std::string names(const std::vector<std::string_view>& types) {
    std::string out;
    for (const auto type : types) out += std::string(type) + " ";
    return out;
  }
};

}  // namespace vestibule::guests::interleavings
