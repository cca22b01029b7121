#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "events/audit_list.h"
#include "events/audit_world_test.h"

namespace vestibule::events {
namespace {

using namespace std::chrono_literals;

constexpr int users = 4;

enum class Act { write, seal, erase, forget_addresses, pass };

std::string any_text() {
  return *rc::gen::weightedOneOf<std::string>(
      {{2, rc::gen::just(std::string())}, {5, rc::gen::nonEmpty(rc::gen::string<std::string>())}});
}

/// Some life of a log, with a seal at the end.
void live(AuditWorld& world) {
  const auto acts = *rc::gen::container<std::vector<Act>>(
      rc::gen::weightedElement<Act>({{10, Act::write},
                                     {3, Act::seal},
                                     {2, Act::erase},
                                     {1, Act::forget_addresses},
                                     {2, Act::pass}}));
  const auto any_user = [] { return base::UserId{*rc::gen::inRange<std::int64_t>(1, users)}; };
  for (const auto act : acts) {
    const auto user = any_user();
    switch (act) {
      case Act::write: {
        const auto address = any_text();
        const auto detail = any_text();
        const auto outcome = any_text();
        world.add(
            {.type = "t", .user = user, .address = address, .detail = detail, .outcome = outcome});
        break;
      }
      case Act::seal:
        world.seal();
        world.export_head();
        break;
      case Act::erase:
        world.store->write([&](store::Transaction& tx) { erase_details(tx, user); });
        break;
      case Act::forget_addresses:
        world.store->write([&](store::Transaction& tx) {
          return forget_addresses(tx, 0, world.clock.now(), 1000);
        });
        break;
      case Act::pass:
        world.clock.advance(1s);
        break;
    }
  }
  world.add({.type = "last", .user = base::UserId{1}, .address = "192.0.2.1"});
  world.seal();
  world.export_head();
}

// One change each, of what line $1 (or seal $1) is.
constexpr store::Statement line_mutations[] = {
    {"mutate.at", "update audit set at = at - 1 where id = $1"},
    {"mutate.type", "update audit set type = type || 'x' where id = $1"},
    {"mutate.user", "update audit set user_id = user_id + 1 where id = $1"},
    {"mutate.actor", "update audit set actor_id = coalesce(actor_id, 0) + 1 where id = $1"},
    {"mutate.client", "update audit set client_id = coalesce(client_id, 0) + 1 where id = $1"},
    {"mutate.outcome", "update audit set outcome = coalesce(outcome, '') || 'x' where id = $1"},
    {"mutate.address", "update audit set address = coalesce(address, '') || 'x' where id = $1"},
    {"mutate.detail", "update audit set detail = coalesce(detail, '') || 'x' where id = $1"},
    {"mutate.address_salt",
     "update audit set address_salt = x'01' || coalesce(address_salt, x'02') where id = $1"},
    {"mutate.detail_commitment",
     "update audit set detail_commitment = x'01' || coalesce(detail_commitment, x'02')"
     " where id = $1"},
    {"mutate.delete", "delete from audit where id = $1"},
    {"mutate.id", "update audit set id = id + 100000 where id = $1"},
};
constexpr store::Statement seal_mutations[] = {
    {"mutate.seal.at", "update audit_seals set sealed_at = sealed_at + 1 where sequence = $1"},
    {"mutate.seal.lines", "update audit_seals set lines = lines + 1 where sequence = $1"},
    {"mutate.seal.first", "update audit_seals set first_id = first_id - 1 where sequence = $1"},
    {"mutate.seal.last", "update audit_seals set last_id = last_id + 1 where sequence = $1"},
    {"mutate.seal.marks",
     "update audit_seals set marks = substr(marks, 2) || x'00' where sequence = $1"},
    {"mutate.seal.digest",
     "update audit_seals set digest = substr(digest, 2) || x'00' where sequence = $1"},
    {"mutate.seal.delete", "delete from audit_seals where sequence = $1"},
};

TEST(AuditProperty, EveryLifeIsAcceptedAndEveryMutationIsFound) {
  EXPECT_TRUE(rc::check([] {
    AuditWorld world;
    live(world);
    const auto sound = world.verify();
    RC_ASSERT(sound.is_sound());
    RC_ASSERT(sound.unsealed == 0);

    const bool of_line = *rc::gen::arbitrary<bool>();
    const auto count = of_line ? sound.lines : sound.seals;
    const auto id = *rc::gen::inRange<std::int64_t>(1, count + 1);
    std::int64_t changed = 0;
    if (of_line) {
      const auto which = *rc::gen::inRange<std::size_t>(0, std::size(line_mutations));
      changed = world.tamper(line_mutations[which], id);
    } else {
      const auto which = *rc::gen::inRange<std::size_t>(0, std::size(seal_mutations));
      changed = world.tamper(seal_mutations[which], id);
    }
    RC_ASSERT(changed == 1);
    RC_ASSERT(!world.verify().is_sound());
  }));
}

}  // namespace
}  // namespace vestibule::events
