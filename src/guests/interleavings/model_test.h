#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "events/outbox.h"

// What may happen to one person, whatever the order of transactions: small enough to be checked by
// reading it, and without a store.
namespace vestibule::guests::interleavings {

enum class Life { guest, merging, account, gone };
enum class Target { none, a, b };
/// The person's sessions: the ticket's, and those that the two upgrades give.
enum Door : std::size_t { first, upgraded, upgraded_again };

struct Model {
  /// The guest has been away for longer than the retention; else it has just come, and the purge
  /// takes everybody that it may take at all.
  bool abandoned = false;

  Life life = Life::guest;
  std::array<bool, 3> living{true, false, false};  ///< by Door
  bool family = true;                              ///< of an application's refresh tokens
  int family_generation = 1;
  bool active = false;  ///< came back
  bool proved = false;  ///< the account's address

  Target merged_into = Target::none;  ///< by a merge that is open or done
  bool waits_for_shop = false;
  bool waits_for_forum = false;

  bool target_exists = true;   ///< account A; nobody deletes B
  bool target_session = true;  ///< that A had before

  std::vector<std::string_view> told{events::guest_provisioned};  ///< to the shop, in order

  /// The door that the merge into B came through: it is looked up before the request.
  Door came_by = first;

  /// A change of standing (invariant 6).
  void end_everything() {
    living = {};
    family = false;
  }
  void go(std::string_view event) {
    life = Life::gone;
    end_everything();
    told.push_back(event);
  }
  bool can_be_purged() const { return life == Life::guest && !(abandoned && active); }

  std::string_view upgrade(Door door) {
    if (life == Life::gone) return "guest_gone";
    if (life == Life::merging) return "merging";
    if (!living[first]) return "no_session";
    life = Life::account;
    end_everything();
    living[door] = true;
    told.push_back(events::guest_upgraded);
    return "ok";
  }

  std::string_view request_merge(Target target) {
    const bool same_pair = merged_into == target;
    if (life == Life::gone) return same_pair ? "ok" : "guest_gone";
    if (life == Life::merging) return same_pair ? "ok" : "merging";
    // Only the session that upgraded it may merge an account, and only a nameless one.
    const bool fresh = target == Target::b && came_by != first && living[came_by] && !proved;
    if (life == Life::account && !fresh) return "not_a_guest";
    if (target == Target::a && !target_exists) return "target_unusable";
    life = Life::merging;
    merged_into = target;
    waits_for_shop = waits_for_forum = true;
    end_everything();
    return "ok";
  }

  /// Only an application's word ends a merge (invariant 4).
  std::string_view acknowledge(Target target, bool Model::* waits) {
    if (merged_into != target) return "another merge";
    this->*waits = false;
    if (life == Life::merging && !waits_for_shop && !waits_for_forum) go(events::guest_merged);
    return "ok";
  }

  std::string_view purge() {
    if (!can_be_purged()) return "spared";
    go(events::guest_purged);
    return "ok";
  }

  std::string_view erase() {
    if (life == Life::gone) return "guest_gone";
    if (life == Life::merging) return "merging";
    go(life == Life::guest ? events::guest_purged : events::user_deleted);
    return "ok";
  }

  std::string_view reset_password() {
    if (life == Life::gone) return "link_gone";
    if (life == Life::merging) return "merging";
    proved = true;
    end_everything();
    return "ok";
  }

  std::string_view delete_target() {
    if (!target_exists) return "gone";
    if (life == Life::merging && merged_into == Target::a) return "merging";
    target_exists = target_session = false;
    return "ok";
  }
};

}  // namespace vestibule::guests::interleavings
