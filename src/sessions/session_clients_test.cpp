#include "sessions/session_clients.h"

#include <gtest/gtest.h>

#include "sessions/logout_notices.h"
#include "sessions/testing.h"

namespace vestibule::sessions {
namespace {

constexpr base::UserId user{7};
constexpr base::ClientId shop{21};
constexpr base::ClientId forum{22};

class SessionClients : public testing::Test, protected TestWorld {
 protected:
  void note(const base::SessionId& session, base::ClientId client) {
    write([&](store::Transaction& tx) { note_session_client(tx, session, client, "sub-7"); });
  }
  std::vector<LogoutNotice> due() {
    return store->read([&](store::Transaction& tx) { return list_due_notices(tx, now(), 10); });
  }
  std::vector<base::ClientId> known(const base::SessionId& session) {
    return store->read([&](store::Transaction& tx) { return list_session_clients(tx, session); });
  }

  int woken = 0;
  Sessions telling{ended, [this] { ++woken; }};
};

TEST_F(SessionClients, WhateverEndsASessionQueuesItsNoticesOnce) {
  const auto one = add(user, Kind::provider);
  const auto two = add(user, Kind::provider);
  note(one.id, shop);
  note(one.id, shop);
  note(one.id, forum);
  note(two.id, shop);
  EXPECT_TRUE(due().empty());
  write([&](store::Transaction& tx) { telling.end(tx, one.id, now()); });
  ASSERT_EQ(due().size(), 2U);
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(due()[0].session, one.id);
  EXPECT_EQ(due()[0].subject, "sub-7");
  EXPECT_EQ(due()[0].created_at, now());
  EXPECT_TRUE(known(one.id).empty());
  write([&](store::Transaction& tx) {
    telling.end(tx, one.id, now());
    telling.end_all(tx, user, now());
  });
  EXPECT_EQ(due().size(), 3U);
  EXPECT_EQ(woken, 2);
}

TEST_F(SessionClients, AnEndThatIsRolledBackTellsNobody) {
  const auto session = add(user, Kind::provider);
  note(session.id, shop);
  EXPECT_THROW(write([&](store::Transaction& tx) {
                 telling.end(tx, session.id, now());
                 throw std::runtime_error("no");
               }),
               std::runtime_error);
  EXPECT_TRUE(due().empty());
  EXPECT_EQ(woken, 0);
  EXPECT_EQ(known(session.id), std::vector{shop});
}

TEST_F(SessionClients, ASessionThatNobodyKnowsQueuesNothing) {
  const auto session = add(user, Kind::provider);
  const auto gateway = add(user, Kind::gateway, session.id);
  write([&](store::Transaction& tx) { telling.end(tx, session.id, now()); });
  EXPECT_FALSE(find(gateway.id));
  EXPECT_TRUE(due().empty());
  EXPECT_EQ(woken, 0);
}

TEST_F(SessionClients, AnExpiredSessionIsForgottenInSilence) {
  const auto session = add(user, Kind::provider);
  note(session.id, shop);
  pass(std::chrono::days(31));
  const auto later = add(base::UserId{8}, Kind::provider);
  note(later.id, shop);
  write([&](store::Transaction& tx) { telling.delete_expired(tx, now(), 10); });
  EXPECT_TRUE(known(session.id).empty());
  EXPECT_EQ(known(later.id), std::vector{shop});
  EXPECT_TRUE(due().empty());
}

TEST_F(SessionClients, ANoticeIsUntriedUntilItHasBeenDelayed) {
  const auto session = add(user, Kind::provider);
  note(session.id, shop);
  end(session.id);
  const auto untried = [&] {
    return store->read([&](store::Transaction& tx) { return has_untried_notice(tx, session.id); });
  };
  EXPECT_TRUE(untried());
  const auto id = due().at(0).id;
  const auto later = now() + base::Milliseconds{5'000};
  write([&](store::Transaction& tx) { delay_notice(tx, id, later); });
  EXPECT_FALSE(untried());
  EXPECT_TRUE(due().empty());
  EXPECT_EQ(store->read([&](store::Transaction& tx) { return find_next_notice(tx, now()); }),
            later);
  pass(base::Milliseconds{5'000});
  EXPECT_EQ(due().at(0).attempts, 1);
  write([&](store::Transaction& tx) { delete_notice(tx, id); });
  EXPECT_FALSE(store->read([&](store::Transaction& tx) { return find_notice(tx, id); }));
}

}  // namespace
}  // namespace vestibule::sessions
