#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "events/audit.h"
#include "events/dispatcher.h"
#include "guests/merge_parts.h"
#include "guests/testing.h"

namespace vestibule::guests {
namespace {

using namespace std::chrono_literals;

TEST(Merge, waits_for_every_application_and_then_deletes_its_source) {
  World world({holder("shop"), holder("loyalty")});
  const auto account = world.account();
  const auto guest = world.guest();
  const auto merge = world.request_merge(guest.user.id, account.user.id).value();
  EXPECT_TRUE(merge.is_open());
  EXPECT_EQ(world.find(guest.user.id)->standing(), accounts::Standing::merging);
  EXPECT_FALSE(world.find_session(guest.session->id)) << "dead before the webhook leaves";
  EXPECT_EQ(world.waiting("shop").back(), "guest.merge_requested");

  EXPECT_TRUE(world.acknowledge(merge.id, "shop").value().is_open());
  EXPECT_TRUE(world.acknowledge(merge.id, "shop").value().is_open()) << "twice is once";
  EXPECT_TRUE(world.acknowledge(merge.id, "somebody").value().is_open());
  EXPECT_TRUE(world.find(guest.user.id));
  EXPECT_FALSE(world.read([&](store::Transaction& tx) {
    return find_alias(tx, "shop", merge.source_subject);
  })) << "no alias before it is done";

  const auto done = world.acknowledge(merge.id, "loyalty").value();
  EXPECT_EQ(done.state, MergeState::done);
  EXPECT_EQ(done.finished_at, world.now());
  EXPECT_FALSE(world.find(guest.user.id));
  EXPECT_TRUE(world.find(account.user.id));
  world.read([&](store::Transaction& tx) {
    EXPECT_EQ(find_alias(tx, "shop", merge.source_subject), merge.target_subject);
    EXPECT_EQ(find_alias(tx, "loyalty", merge.source_subject), merge.target_subject);
    EXPECT_FALSE(find_alias(tx, "somebody", merge.source_subject)) << "took no part";
    EXPECT_EQ(events::history(tx, account.user.id, 1)[0].type, "guest.merged");
  });
  EXPECT_EQ(world.waiting("shop").back(), "guest.merged");
}

TEST(Merge, without_an_application_that_holds_data_is_done_at_once) {
  auto observer = holder("metrics");
  observer.data = events::Application::Data::none;
  World world({observer});
  const auto account = world.account();
  const auto guest = world.guest();
  const auto merge = world.request_merge(guest.user.id, account.user.id).value();
  EXPECT_EQ(merge.state, MergeState::done);
  EXPECT_FALSE(world.find(guest.user.id));
  EXPECT_EQ(world.waiting("metrics").back(), "guest.merged");
}

TEST(Merge, of_the_same_pair_is_the_same_merge) {
  World world({holder("shop")});
  const auto account = world.account();
  const auto other = world.account("bob@example.org");
  const auto guest = world.guest();
  const auto merge = world.request_merge(guest.user.id, account.user.id).value();
  EXPECT_EQ(world.request_merge(guest.user.id, account.user.id).value().id, merge.id);
  EXPECT_EQ(world.request_merge(guest.user.id, other.user.id).error().reason, "merging");
  ASSERT_TRUE(world.acknowledge(merge.id, "shop"));
  EXPECT_EQ(world.request_merge(guest.user.id, account.user.id).value().state, MergeState::done);
  EXPECT_EQ(world.request_merge(guest.user.id, other.user.id).error().reason, "guest_gone");
}

TEST(Merge, refuses_pairs_that_make_no_sense) {
  World world({holder("shop")});
  const auto account = world.account();
  const auto other = world.account("bob@example.org");
  const auto guest = world.guest();
  const auto reason = [&](base::UserId source, base::UserId target) {
    return world.request_merge(source, target).error().reason;
  };
  EXPECT_EQ(reason(guest.user.id, guest.user.id), "same_user");
  EXPECT_EQ(reason(guest.user.id, world.guest().user.id), "target_unusable");
  EXPECT_EQ(reason(guest.user.id, base::UserId{1}), "target_unusable");
  EXPECT_EQ(reason(account.user.id, other.user.id), "not_a_guest");
  EXPECT_EQ(reason(base::UserId{1}, account.user.id), "guest_gone");
  world.write([&](store::Transaction& tx) {
    auto locked = accounts::find_user(tx, account.user.id).value();
    locked.state = accounts::UserState::locked;
    ASSERT_TRUE(accounts::update_user(tx, locked, world.now()));
  });
  EXPECT_EQ(reason(guest.user.id, account.user.id), "target_unusable");
  EXPECT_EQ(world.acknowledge(base::MergeId{5}, "shop").error().reason, "unknown_merge");
}

TEST(Merge, takes_an_account_that_this_very_session_upgraded) {
  World world({holder("shop")});
  const auto account = world.account();
  const auto fresh = world.account("typo@example.org");
  EXPECT_EQ(world.request_merge(fresh.user.id, account.user.id, account.session.id).error().reason,
            "not_a_guest")
      << "another user's session";
  const auto merge = world.request_merge(fresh.user.id, account.user.id, fresh.session.id).value();
  EXPECT_FALSE(world.find_session(fresh.session.id));
  ASSERT_TRUE(world.acknowledge(merge.id, "shop"));
  EXPECT_FALSE(world.find(fresh.user.id));
}

TEST(Merge, keeps_accounts_that_can_sign_in_or_are_a_target) {
  World world({holder("shop")});
  const auto account = world.account();
  const auto named = world.account("named@example.org");
  world.write([&](store::Transaction& tx) {
    auto user = accounts::find_user(tx, named.user.id).value();
    user.username = "named";
    ASSERT_TRUE(accounts::update_user(tx, user, world.now()));
  });
  EXPECT_EQ(world.request_merge(named.user.id, account.user.id, named.session.id).error().reason,
            "not_a_guest");

  const auto target = world.account("target@example.org");
  ASSERT_TRUE(world.request_merge(world.guest().user.id, target.user.id));
  EXPECT_EQ(world.request_merge(target.user.id, account.user.id, target.session.id).error().reason,
            "merging");
}

TEST(Merge, takes_its_webhook_back_when_the_application_acknowledges_by_api) {
  World world({holder("shop"), holder("loyalty")});
  const auto account = world.account();
  const auto guest = world.guest();
  const auto merge = world.request_merge(guest.user.id, account.user.id).value();
  ASSERT_TRUE(world.acknowledge(merge.id, "shop"));
  EXPECT_NE(world.waiting("shop").back(), "guest.merge_requested");
  EXPECT_EQ(world.waiting("loyalty").back(), "guest.merge_requested");
  world.read([&](store::Transaction& tx) {
    EXPECT_TRUE(list_open_merges(tx, "shop", 10).empty());
    EXPECT_EQ(list_open_merges(tx, "loyalty", 10).size(), 1u);
    EXPECT_EQ(list_open_merges(tx, "", 10).size(), 1u);
  });
}

TEST(Merge, past_its_deadline_is_stalled_and_still_completes) {
  World world({holder("shop")});
  const auto account = world.account();
  const auto guest = world.guest();
  const auto merge = world.request_merge(guest.user.id, account.user.id).value();
  const auto stalled = [&] {
    return world.write(
        [&](store::Transaction& tx) { return mark_stalled(tx, world.now()).stalled; });
  };
  EXPECT_EQ(stalled(), 0);
  world.clock.advance(24h);
  EXPECT_EQ(stalled(), 1);
  EXPECT_EQ(stalled(), 1);
  EXPECT_EQ(world.merge(merge.id)->state, MergeState::stalled);
  EXPECT_EQ(world.acknowledge(merge.id, "shop").value().state, MergeState::done);
  EXPECT_EQ(stalled(), 0);
}

TEST(Merge, is_not_blocked_by_an_application_that_was_removed) {
  World world({holder("shop"), holder("removed")});
  const auto account = world.account();
  const auto guest = world.guest();
  const auto merge = world.request_merge(guest.user.id, account.user.id).value();
  ASSERT_TRUE(world.acknowledge(merge.id, "shop"));
  world.outbox = events::Outbox({holder("shop")}, {});
  EXPECT_EQ(world.write([&](store::Transaction& tx) {
    return world.guests->release_waits_of_unknown(tx, world.now());
  }),
            1);
  EXPECT_EQ(world.merge(merge.id)->state, MergeState::done);
  EXPECT_FALSE(world.find(guest.user.id));
}

// Who was not there for a later step is told no further than it went along.
TEST(Merge, chains_of_aliases_lead_to_the_last_account) {
  World world({holder("shop"), holder("left")});
  const auto account = world.account();
  const auto middle = world.account("middle@example.org");
  const auto guest = world.guest();
  const auto first = world.request_merge(guest.user.id, middle.user.id).value();
  ASSERT_TRUE(world.acknowledge(first.id, "left"));
  ASSERT_TRUE(world.acknowledge(first.id, "shop"));
  world.outbox = events::Outbox({holder("shop")}, {});
  const auto second =
      world.request_merge(middle.user.id, account.user.id, middle.session.id).value();
  ASSERT_TRUE(world.acknowledge(second.id, "shop"));
  world.read([&](store::Transaction& tx) {
    EXPECT_EQ(find_alias(tx, "shop", guest.user.subject()), account.user.subject());
    EXPECT_EQ(find_alias(tx, "left", guest.user.subject()), middle.user.subject());
    EXPECT_FALSE(find_alias(tx, "left", middle.user.subject()));
  });
}

TEST(Merge, finished_ones_are_forgotten_with_their_parts_and_alias) {
  World world({holder("shop")});
  const auto account = world.account();
  const auto guest = world.guest();
  const auto merge = world.request_merge(guest.user.id, account.user.id).value();
  world.clock.advance(1ms);
  const auto old = [&] {
    return world.read([&](store::Transaction& tx) { return list_old_merges(tx, world.now(), 10); });
  };
  EXPECT_TRUE(old().empty()) << "an open one is never old";
  ASSERT_TRUE(world.acknowledge(merge.id, "shop"));
  world.clock.advance(1ms);
  EXPECT_EQ(old(), std::vector{merge.id});
  world.write([&](store::Transaction& tx) {
    forget_merges(tx, {merge.id});
    EXPECT_FALSE(find_alias(tx, "shop", guest.user.subject()));
    EXPECT_FALSE(find_merge(tx, merge.id));
    EXPECT_TRUE(list_parts(tx, merge.id).empty());
  });
}

// Invariant 4: through failing webhooks and restarts, until the acknowledgement, once.
TEST(Merge, survives_failing_webhooks_and_restarts) {
  World world({holder("shop")});
  const auto account = world.account();
  const auto guest = world.guest();
  const auto merge = world.request_merge(guest.user.id, account.user.id).value();

  int status = 500;
  std::string body;
  int requests = 0;
  int acknowledged = 0;
  std::string webhook_id;
  events::DispatcherOptions options;
  options.on_delivered = note_merge_delivered;
  const auto delivered = [&] {
    return world.read(
        [&](store::Transaction& tx) { return !is_undelivered(tx, merge.id, "shop"); });
  };
  const auto deliver = [&] {
    const auto acknowledge = [&](store::Transaction& tx, base::MergeId id,
                                 std::string_view application, base::Time now) {
      ++acknowledged;
      ASSERT_TRUE(world.guests->acknowledge(tx, id, application, now));
    };
    const auto send = [&](const events::Application&, const http::OutgoingRequest& request)
        -> std::expected<http::OutgoingResponse, http::OutgoingError> {
      if (request.body.contains("merge_requested")) {
        ++requests;
        const std::string id(request.headers.find("webhook-id").value());
        EXPECT_TRUE(webhook_id.empty() || webhook_id == id) << "one idempotency key";
        webhook_id = id;
        if (status == 0) {
          return std::unexpected(
              http::OutgoingError{http::OutgoingError::Kind::connect_failed, "refused"});
        }
        return http::OutgoingResponse{status, {}, body};
      }
      return http::OutgoingResponse{200, {}, ""};
    };
    events::Dispatcher dispatcher(*world.store, world.outbox, world.clock, world.random, send,
                                  acknowledge, options);
    dispatcher.deliver_due();
    world.clock.advance(2h);
  };

  const std::string id = base::to_string(merge.id);
  const std::vector<std::pair<int, std::string>> not_yet{{500, ""},
                                                         {0, ""},
                                                         {202, "{\"merge_id\":\"" + id + "\"}"},
                                                         {200, ""},
                                                         {200, "{\"merge_id\":\"1\"}"},
                                                         {200, "{\"merge_id\":" + id + "}"},
                                                         {200, "\"" + id + "\""},
                                                         {302, "{\"merge_id\":\"" + id + "\"}"}};
  for (int i = 0; i < 100; ++i) {
    std::tie(status, body) = not_yet[static_cast<std::size_t>(i) % not_yet.size()];
    deliver();
    EXPECT_EQ(delivered(), i >= 2) << "a 202 is the first answer that has seen it";
    if (i % 10 == 0) world.reopen();
    ASSERT_EQ(world.find(guest.user.id)->standing(), accounts::Standing::merging);
  }
  EXPECT_EQ(requests, 100) << "never dead";
  EXPECT_EQ(acknowledged, 0);

  status = 200;
  body = "{\"merge_id\":\"" + id + "\"}";
  deliver();
  EXPECT_EQ(acknowledged, 1);
  EXPECT_FALSE(world.find(guest.user.id));
  world.reopen();
  deliver();
  EXPECT_EQ(requests, 101);
  EXPECT_EQ(acknowledged, 1);
  EXPECT_TRUE(world.waiting("shop").empty());
}

TEST(Merge, acknowledged_by_many_threads_takes_effect_once) {
  World world({holder("shop")});
  const auto account = world.account();
  const auto guest = world.guest();
  const auto merge = world.request_merge(guest.user.id, account.user.id).value();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back([&] { EXPECT_TRUE(world.acknowledge(merge.id, "shop")); });
    }
  }
  const auto waiting = world.waiting("shop");
  EXPECT_EQ(std::ranges::count(waiting, "guest.merged"), 1);
}

}  // namespace
}  // namespace vestibule::guests
