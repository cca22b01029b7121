#include "guests/merge_operator.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "events/audit.h"
#include "events/deliveries.h"
#include "events/merge_requests.h"
#include "guests/merge_parts.h"
#include "guests/testing.h"

namespace vestibule::guests {
namespace {

using namespace std::chrono_literals;

class Operator : public testing::Test {
 protected:
  Operator()
      : world({holder("shop"), holder("loyalty")}),
        account(world.account()),
        guest(world.guest()),
        merge(world.request_merge(guest.user.id, account.user.id).value()) {}

  base::Result<Merge> abandon(std::string_view reason = "the shop was sold") {
    return world.write([&](store::Transaction& tx) {
      return abandon_merge(tx, world.outbox, merge.id, reason, world.now());
    });
  }
  base::Result<Merge> retry() {
    return world.write([&](store::Transaction& tx) {
      return retry_merge(tx, world.outbox, merge.id, world.now());
    });
  }
  std::vector<MergePart> parts() {
    return world.read([&](store::Transaction& tx) { return list_parts(tx, merge.id); });
  }
  std::optional<events::Delivery> request(std::string_view application) {
    return world.read([&](store::Transaction& tx) {
      return events::find_merge_request(tx, application, guest.user.id);
    });
  }
  void deliver(std::string_view application) {
    world.write([&](store::Transaction& tx) {
      note_merge_delivered(tx, merge.id, application, world.now());
    });
  }
  std::string_view step() { return step_of(*world.merge(merge.id), parts()); }

  World world;
  decltype(world.account()) account;
  Provisioned guest;
  Merge merge;
};

TEST_F(Operator, sees_each_step_of_each_application) {
  EXPECT_EQ(step(), "requested");
  const auto requested = parts();
  ASSERT_EQ(requested.size(), 2u);
  EXPECT_EQ(requested[0].application, "loyalty");
  EXPECT_EQ(requested[0].requested_at, merge.requested_at);
  EXPECT_FALSE(requested[0].delivered_at);

  world.clock.advance(1s);
  deliver("loyalty");
  const auto first = world.now();
  world.clock.advance(1s);
  deliver("loyalty");
  deliver("somebody");
  EXPECT_EQ(parts()[0].delivered_at, first) << "the first time counts";
  EXPECT_EQ(step(), "requested") << "the shop has not seen it";
  deliver("shop");
  EXPECT_EQ(step(), "delivered");

  ASSERT_TRUE(world.acknowledge(merge.id, "shop"));
  EXPECT_EQ(parts()[1].acknowledged_at, world.now());
  EXPECT_FALSE(parts()[0].acknowledged_at);
  world.clock.advance(24h);
  world.write([&](store::Transaction& tx) { mark_stalled(tx, world.now()); });
  EXPECT_EQ(step(), "stalled");
  ASSERT_TRUE(world.acknowledge(merge.id, "loyalty"));
  EXPECT_EQ(step(), "done");
  EXPECT_EQ(parts().size(), 2u) << "kept with the merge";
}

TEST_F(Operator, sees_an_acknowledgement_as_delivered) {
  ASSERT_TRUE(world.acknowledge(merge.id, "shop"));
  EXPECT_EQ(parts()[1].delivered_at, world.now());
}

TEST_F(Operator, counts_what_is_open) {
  const auto count = [&] {
    return world.write([&](store::Transaction& tx) { return mark_stalled(tx, world.now()); });
  };
  world.clock.advance(1h);
  ASSERT_TRUE(world.request_merge(world.guest().user.id, account.user.id));
  EXPECT_EQ(count().open, 2);
  EXPECT_EQ(count().stalled, 0);
  EXPECT_EQ(count().oldest, merge.requested_at);
  world.clock.advance(23h);
  EXPECT_EQ(count().stalled, 1);
  ASSERT_TRUE(abandon());
  EXPECT_EQ(count().open, 1);
  EXPECT_EQ(count().oldest, merge.requested_at + 1h);
}

TEST_F(Operator, retries_what_is_not_acknowledged) {
  ASSERT_TRUE(world.acknowledge(merge.id, "loyalty"));
  events::RetryPolicy policy;
  policy.first = 1h;
  world.write([&](store::Transaction& tx) {
    for (const auto& row : events::claim_due(tx, "shop", world.now(), 30s, 10)) {
      events::note_failure(tx, row, "status 500", policy, world.random, world.now());
    }
    EXPECT_TRUE(events::list_due(tx, "shop", world.now(), 10).empty());
  });
  EXPECT_GT(request("shop")->due_at, world.now()) << "behind what failed before it";
  ASSERT_TRUE(retry());
  const auto row = request("shop");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->attempts, 0);
  EXPECT_EQ(row->due_at, world.now());
  world.read([&](store::Transaction& tx) {
    const auto due = events::list_due(tx, "shop", world.now(), 10);
    ASSERT_EQ(due.size(), 1u) << "what stands before it, and of nobody else";
    EXPECT_EQ(due[0].type, "guest.provisioned");
    EXPECT_EQ(due[0].user, guest.user.id);
    EXPECT_EQ(due[0].attempts, 0);
    EXPECT_EQ(events::history(tx, guest.user.id, 1)[0].type, "guest.merge_retried");
  });
  EXPECT_EQ(world.find(guest.user.id)->standing(), accounts::Standing::merging);
}

TEST_F(Operator, retries_no_merge_that_is_over_or_unknown) {
  ASSERT_TRUE(abandon());
  EXPECT_EQ(retry().error().reason, "merge_abandoned");
  merge = world.request_merge(world.guest().user.id, account.user.id).value();
  ASSERT_TRUE(world.acknowledge(merge.id, "shop"));
  ASSERT_TRUE(world.acknowledge(merge.id, "loyalty"));
  EXPECT_EQ(retry().error().reason, "merge_done");
  EXPECT_EQ(abandon().error().reason, "merge_done");
  merge.id = base::MergeId{5};
  EXPECT_EQ(retry().error().reason, "unknown_merge");
  EXPECT_EQ(abandon().error().reason, "unknown_merge");
}

TEST_F(Operator, abandons_without_deleting_anybody) {
  ASSERT_TRUE(world.acknowledge(merge.id, "loyalty"));
  const auto abandoned = abandon().value();
  EXPECT_EQ(abandoned.state, MergeState::abandoned);
  EXPECT_EQ(abandoned.finished_at, world.now());
  EXPECT_EQ(abandoned.reason, "the shop was sold");
  EXPECT_EQ(world.merge(merge.id)->state, MergeState::abandoned);
  EXPECT_EQ(world.merge(merge.id)->reason, "the shop was sold");
  EXPECT_EQ(world.find(guest.user.id)->standing(), accounts::Standing::guest);
  EXPECT_FALSE(world.find_session(guest.session->id)) << "its sessions stay dead";
  EXPECT_TRUE(world.find(account.user.id));
  for (const auto* application : {"shop", "loyalty"}) {
    EXPECT_EQ(std::ranges::count(world.waiting(application), "guest.merge_requested"), 0);
    EXPECT_EQ(world.waiting(application).back(), "guest.merge_abandoned");
    world.read([&](store::Transaction& tx) {
      EXPECT_TRUE(list_open_merges(tx, application, 10).empty());
      EXPECT_FALSE(find_alias(tx, application, merge.source_subject));
    });
  }
  const auto line = world.read(
      [&](store::Transaction& tx) { return events::history(tx, account.user.id, 1); })[0];
  EXPECT_EQ(line.type, "guest.merge_abandoned");
  EXPECT_EQ(line.detail, "operator, merge " + base::to_string(merge.id) + ": the shop was sold");
}

TEST_F(Operator, abandons_once) {
  ASSERT_TRUE(abandon());
  world.clock.advance(1h);
  const auto again = abandon("another reason").value();
  EXPECT_EQ(again.reason, "the shop was sold");
  EXPECT_EQ(again.finished_at, world.now() - 1h);
  EXPECT_EQ(std::ranges::count(world.waiting("shop"), "guest.merge_abandoned"), 1);
}

TEST_F(Operator, needs_a_reason_to_abandon) {
  for (const auto& reason : {std::string(), std::string(501, 'x'), std::string("a\nb"),
                             std::string("a\x7f"), std::string(1, '\0')}) {
    EXPECT_EQ(abandon(reason).error().reason, "reason") << reason;
  }
  EXPECT_TRUE(world.merge(merge.id)->is_open());
  EXPECT_TRUE(abandon(std::string(500, 'x')));
}

TEST_F(Operator, is_not_undone_by_a_late_acknowledgement) {
  ASSERT_TRUE(abandon());
  for (const auto* application : {"shop", "loyalty", "somebody"}) {
    EXPECT_EQ(world.acknowledge(merge.id, application).error().reason, "merge_abandoned");
  }
  EXPECT_TRUE(world.find(guest.user.id));
  deliver("shop");
  EXPECT_EQ(step(), "abandoned");
}

TEST_F(Operator, sets_both_sides_free) {
  EXPECT_EQ(world.erase(account.user.id, EraseReason::deleted).error().reason, "merging");
  EXPECT_EQ(world.purge(-48h), 0);
  ASSERT_TRUE(abandon());
  const auto other = world.account("other@example.org");
  EXPECT_TRUE(world.request_merge(world.guest().user.id, account.user.id)) << "another guest";
  // Its own cookie is dead, but an application that keeps one may still bring it to an account.
  const auto again = world.request_merge(guest.user.id, other.user.id).value();
  EXPECT_NE(again.id, merge.id);
  EXPECT_TRUE(again.is_open());
  EXPECT_EQ(world.request_merge(guest.user.id, other.user.id)->id, again.id);
  EXPECT_EQ(world.request_merge(guest.user.id, account.user.id).error().reason, "merging");
}

TEST_F(Operator, leaves_the_guest_to_the_purge) {
  ASSERT_TRUE(abandon());
  EXPECT_EQ(world.purge(), 0);
  EXPECT_EQ(world.purge(-48h), 1);
  EXPECT_FALSE(world.find(guest.user.id));
  EXPECT_EQ(world.waiting("shop").back(), "guest.purged");
  EXPECT_FALSE(world.merge(merge.id)) << "nothing that names it stays";
  EXPECT_TRUE(parts().empty());
  EXPECT_EQ(world.request_merge(guest.user.id, account.user.id).error().reason, "guest_gone");
}

TEST_F(Operator, gives_an_account_back_as_an_account) {
  const auto fresh = world.account("typo@example.org");
  merge = world.request_merge(fresh.user.id, account.user.id, fresh.session.id).value();
  ASSERT_TRUE(abandon());
  EXPECT_EQ(world.find(fresh.user.id)->standing(), accounts::Standing::account);
  EXPECT_EQ(world.purge(-48h), 0) << "customers are never purged";
}

}  // namespace
}  // namespace vestibule::guests
