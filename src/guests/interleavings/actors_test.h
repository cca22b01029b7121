#pragma once

#include <span>
#include <string>
#include <string_view>

#include "accounts/emails.h"
#include "guests/interleavings/stage_test.h"

// Who acts on the person, each in the transactions that the server would use. Between two of them
// lies slow work (a password's hash, a webhook, a page of candidates), and anybody else's.
namespace vestibule::guests::interleavings {

/// What came of a transaction. `ok` lets the actor go on; anything else is its end.
struct Outcome {
  std::string word;
  store::Outcome kept = store::Outcome::keep;
};

enum class Access { read, write };

struct Step {
  Access access;
  Outcome (*run)(const Stage& stage, store::Transaction& tx, Hands& hands);
  /// What has to come of it, and what it changes.
  std::string_view (*expected)(Model& model);
};

struct Actor {
  std::string_view name;
  std::vector<Step> steps;
};

template <class T>
Outcome outcome_of(const base::Result<T>& result) {
  if (!result) return {std::string(result.error().reason), store::Outcome::roll_back};
  return {"ok"};
}

inline Outcome ok_if(bool condition, std::string_view otherwise) {
  return {condition ? "ok" : std::string(otherwise)};
}

inline bool lives(const Stage& stage, store::Transaction& tx, Door door) {
  return stage.world.sessions->find(tx, stage.doors[door], stage.now).has_value();
}

/// The ticket is shown again: a double click, a second tab.
inline Actor replay() {
  return {"ticket again",
          {{Access::write,
            [](const Stage& stage, store::Transaction& tx, Hands&) {
              const TicketRequest ticket{stage.doors[first], stage.now + std::chrono::hours(1)};
              const auto made =
                  stage.world.guests->provision(tx, stage.world.authority, ticket, stage.now);
              if (made && made->user.id != stage.person.id) return Outcome{"somebody else"};
              return outcome_of(made);
            },
            [](Model& model) -> std::string_view {
              return model.life == Life::guest && model.living[first] ? "ok" : "ticket_used";
            }}}};
}

/// Look at the cookie's session; hash the password; upgrade.
template <Door door>
Actor upgrade() {
  return {
      door == upgraded ? "upgrade" : "upgrade in another tab",
      {{Access::read,
        [](const Stage& stage, store::Transaction& tx, Hands&) {
          return ok_if(lives(stage, tx, first), "no_session");
        },
        [](Model& model) -> std::string_view { return model.living[first] ? "ok" : "no_session"; }},
       {Access::write,
        [](const Stage& stage, store::Transaction& tx, Hands&) {
          const UpgradeRequest request{
              .user = stage.person.id,
              .session = stage.doors[first],
              .given_name = "Ada",
              .family_name = "Lovelace",
              .email = "ada@example.org",
              .password_hash = "$argon2id$test",
              .new_session = stage.doors[door],
              .session_expires_at = stage.now + std::chrono::hours(24 * 30)};
          const auto result = stage.world.guests->upgrade(tx, request, stage.now);
          if (result && result->user.subject() != stage.person.subject())
            return Outcome{"another sub"};
          return outcome_of(result);
        },
        [](Model& model) { return model.upgrade(door); }}}};
}

/// A sign-in as A with this browser's cookie; the shop takes the cart over, then the forum.
inline Actor merge() {
  static const auto acknowledge = [](const Stage& stage, store::Transaction& tx, Hands& hands,
                                     std::string_view application) {
    return outcome_of(stage.world.guests->acknowledge(tx, hands.merge, application, stage.now));
  };
  return {
      "merge",
      {{Access::read,
        [](const Stage& stage, store::Transaction& tx, Hands&) {
          return ok_if(lives(stage, tx, first), "no_session");
        },
        [](Model& model) -> std::string_view { return model.living[first] ? "ok" : "no_session"; }},
       {Access::write,
        [](const Stage& stage, store::Transaction& tx, Hands& hands) {
          const auto made =
              stage.world.guests->request_merge(tx, stage.person.id, stage.a, stage.now);
          if (made) hands.merge = made->id;
          return outcome_of(made);
        },
        [](Model& model) { return model.request_merge(Target::a); }},
       {Access::write,
        [](const Stage& stage, store::Transaction& tx, Hands& hands) {
          return acknowledge(stage, tx, hands, "shop");
        },
        [](Model& model) { return model.acknowledge(Target::a, &Model::waits_for_shop); }},
       {Access::write,
        [](const Stage& stage, store::Transaction& tx, Hands& hands) {
          return acknowledge(stage, tx, hands, "forum");
        },
        [](Model& model) { return model.acknowledge(Target::a, &Model::waits_for_forum); }}}};
}

/// A sign-in as B with whatever cookie the browser has by then; both applications answer at once.
inline Actor merge_elsewhere() {
  return {"merge elsewhere",
          {{Access::read,
            [](const Stage& stage, store::Transaction& tx, Hands& hands) {
              for (const auto door : {first, upgraded, upgraded_again}) {
                if (!lives(stage, tx, door)) continue;
                hands.came_by = stage.doors[door];
                return Outcome{"ok"};
              }
              return Outcome{"no_session"};
            },
            [](Model& model) -> std::string_view {
              const auto* const door = std::ranges::find(model.living, true);
              if (door == model.living.end()) return "no_session";
              model.came_by = static_cast<Door>(door - model.living.begin());
              return "ok";
            }},
           {Access::write,
            [](const Stage& stage, store::Transaction& tx, Hands& hands) {
              const auto made = stage.world.guests->request_merge(tx, stage.person.id, stage.b,
                                                                  stage.now, hands.came_by);
              if (made) hands.merge_elsewhere = made->id;
              return outcome_of(made);
            },
            [](Model& model) { return model.request_merge(Target::b); }},
           {Access::write,
            [](const Stage& stage, store::Transaction& tx, Hands& hands) {
              const auto merge = hands.merge_elsewhere;
              const auto shop = stage.world.guests->acknowledge(tx, merge, "shop", stage.now);
              if (!shop) return outcome_of(shop);
              return outcome_of(stage.world.guests->acknowledge(tx, merge, "forum", stage.now));
            },
            [](Model& model) {
              model.acknowledge(Target::b, &Model::waits_for_shop);
              return model.acknowledge(Target::b, &Model::waits_for_forum);
            }}}};
}

/// Read a page of candidates; delete those that still are.
inline Actor purge() {
  return {
      "purge",
      {{Access::read,
        [](const Stage& stage, store::Transaction& tx, Hands&) {
          PurgeCursor cursor;
          const PurgeGroup group{stage.world.authority.client, stage.cutoff};
          const auto found = find_purgeable(tx, group, cursor, 10);
          return ok_if(found == std::vector{stage.person.id}, "nobody");
        },
        [](Model& model) -> std::string_view { return model.can_be_purged() ? "ok" : "nobody"; }},
       {Access::write,
        [](const Stage& stage, store::Transaction& tx, Hands&) {
          const std::array candidates{stage.person.id, stage.a, stage.b};
          const int purged = stage.world.guests->purge(tx, candidates, stage.cutoff, stage.now);
          return ok_if(purged == 1, "spared");
        },
        [](Model& model) { return model.purge(); }}}};
}

/// The visitor comes back: the cookie is renewed, which is activity.
inline Actor renewal() {
  return {"renewal",
          {{Access::write,
            [](const Stage& stage, store::Transaction& tx, Hands&) {
              const auto rotated = stage.world.sessions->rotate(
                  tx, stage.doors[first], 1, stage.now, stage.now + std::chrono::hours(24 * 30));
              if (rotated.outcome != sessions::Rotation::rotated) return Outcome{"unknown"};
              accounts::touch(tx, stage.person.id, stage.now, base::Milliseconds{0});
              return Outcome{"ok"};
            },
            [](Model& model) -> std::string_view {
              if (!model.living[first]) return "unknown";
              model.active = true;
              return "ok";
            }}}};
}

/// An application's refresh token is used, and 40 s later a copy of the old one.
inline Actor refresh() {
  static const auto use = [](const Stage& stage, store::Transaction& tx, std::uint32_t generation,
                             base::Milliseconds later) {
    return sessions::rotate_family(tx, {stage.family.id, generation}, stage.now + later).outcome;
  };
  return {"refresh",
          {{Access::write,
            [](const Stage& stage, store::Transaction& tx, Hands&) {
              return ok_if(use(stage, tx, 1, {}) == sessions::Rotation::rotated, "unknown");
            },
            [](Model& model) -> std::string_view {
              if (!model.family) return "unknown";
              model.family_generation = 2;
              return "ok";
            }},
           {Access::write,
            [](const Stage& stage, store::Transaction& tx, Hands&) {
              const auto outcome = use(stage, tx, 1, std::chrono::seconds(40));
              return ok_if(outcome == sessions::Rotation::reused, "unknown");
            },
            [](Model& model) -> std::string_view {
              return std::exchange(model.family, false) ? "ok" : "unknown";
            }},
           {Access::write,
            [](const Stage& stage, store::Transaction& tx, Hands&) {
              const auto outcome = use(stage, tx, 2, std::chrono::seconds(41));
              return Outcome{outcome == sessions::Rotation::unknown ? "dead" : "alive"};
            },
            [](Model&) -> std::string_view { return "dead"; }}}};
}

/// A signs in on another device, which ends its older sessions.
inline Actor sign_in() {
  return {"sign-in",
          {{Access::write,
            [](const Stage& stage, store::Transaction& tx, Hands&) {
              if (!accounts::find_user(tx, stage.a)) return Outcome{"gone"};
              accounts::change_standing(tx, *stage.world.sessions, stage.a, stage.now);
              stage.world.sessions->insert(tx,
                                           {.id = stage.fresh_session_of_a,
                                            .user = stage.a,
                                            .created_at = stage.now,
                                            .rotated_at = stage.now,
                                            .expires_at = stage.now + std::chrono::hours(24 * 30),
                                            .auth_time = stage.now,
                                            .amr = "pwd"});
              return Outcome{"ok"};
            },
            [](Model& model) -> std::string_view {
              if (!model.target_exists) return "gone";
              model.target_session = false;
              return "ok";
            }}}};
}

/// The mailer sends a link to the address that was claimed; its owner sets a new password.
inline Actor reset() {
  return {"password reset",
          {{Access::write,
            [](const Stage& stage, store::Transaction& tx, Hands& hands) {
              const auto user = accounts::find_user(tx, stage.person.id);
              if (!user || user->standing() != accounts::Standing::account) {
                return Outcome{"nobody"};
              }
              hands.reset_token =
                  accounts::mint_link(tx, accounts::LinkPurpose::reset, user->id, "ada@example.org",
                                      {}, stage.world.random, stage.now)
                      .reveal();
              return Outcome{"ok"};
            },
            [](Model& model) -> std::string_view {
              return model.life == Life::account ? "ok" : "nobody";
            }},
           {Access::write,
            [](const Stage& stage, store::Transaction& tx, Hands& hands) {
              return outcome_of(accounts::reset_password(
                  tx, *stage.world.sessions, hands.reset_token, "$argon2id$new", stage.now));
            },
            [](Model& model) { return model.reset_password(); }}}};
}

/// Look whom the token is about; erase.
inline Actor erase() {
  return {"erasure",
          {{Access::read,
            [](const Stage& stage, store::Transaction& tx, Hands&) {
              return ok_if(accounts::find_user(tx, stage.person.id).has_value(), "guest_gone");
            },
            [](Model& model) -> std::string_view {
              return model.life == Life::gone ? "guest_gone" : "ok";
            }},
           {Access::write,
            [](const Stage& stage, store::Transaction& tx, Hands&) {
              const auto user = accounts::find_user(tx, stage.person.id);
              if (!user) return Outcome{"guest_gone"};
              return outcome_of(stage.world.guests->erase(tx, *user, EraseReason::self, stage.now));
            },
            [](Model& model) { return model.erase(); }}}};
}

/// An administrator deletes account A.
inline Actor deletion_of_target() {
  return {
      "deletion of the account",
      {{Access::write,
        [](const Stage& stage, store::Transaction& tx, Hands&) {
          const auto user = accounts::find_user(tx, stage.a);
          if (!user) return Outcome{"gone"};
          return outcome_of(stage.world.guests->erase(tx, *user, EraseReason::deleted, stage.now));
        },
        [](Model& model) { return model.delete_target(); }}}};
}

}  // namespace vestibule::guests::interleavings
