#include <gtest/gtest.h>

#include "events/audit.h"
#include "guests/testing.h"

namespace vestibule::guests {
namespace {

TEST(Erase, forgets_a_guest_at_once) {
  World world({holder("shop")});
  const auto guest = world.guest();
  ASSERT_TRUE(world.erase(guest.user.id, EraseReason::self));
  EXPECT_FALSE(world.find(guest.user.id));
  EXPECT_FALSE(world.find_session(guest.session->id));
  EXPECT_TRUE(world.ended->contains(guest.session->id));
  EXPECT_EQ(world.waiting("shop").back(), "guest.purged");
}

TEST(Erase, tells_accounts_from_guests_in_its_event) {
  World world({holder("shop")});
  const auto account = world.account();
  ASSERT_TRUE(world.erase(account.user.id, EraseReason::deleted));
  EXPECT_FALSE(world.find(account.user.id));
  EXPECT_EQ(world.waiting("shop").back(), "user.deleted");
  EXPECT_EQ(world.erase(account.user.id, EraseReason::deleted).error().reason, "guest_gone");
}

TEST(Erase, waits_for_merges_of_both_sides) {
  World world({holder("shop")});
  const auto account = world.account();
  const auto guest = world.guest();
  const auto merge = world.request_merge(guest.user.id, account.user.id).value();
  EXPECT_EQ(world.erase(guest.user.id, EraseReason::self).error().reason, "merging");
  EXPECT_EQ(world.erase(account.user.id, EraseReason::deleted).error().reason, "merging");
  ASSERT_TRUE(world.acknowledge(merge.id, "shop"));
  EXPECT_TRUE(world.erase(account.user.id, EraseReason::deleted));
}

TEST(Erase, leaves_lines_without_addresses_in_the_log) {
  World world;
  world.authority.client_address = "203.0.113.7";
  const auto guest = world.guest();
  ASSERT_TRUE(world.erase(guest.user.id, EraseReason::self));
  static const store::Statement named{
      "test.named", "select count(*) from audit where address is not null or detail is not null"};
  world.read([&](store::Transaction& tx) {
    EXPECT_EQ(events::history(tx, guest.user.id, 10).size(), 2u);
    auto rows = tx.query(named);
    rows.next();
    EXPECT_EQ(rows.integer(0), 0);
  });
}

}  // namespace
}  // namespace vestibule::guests
