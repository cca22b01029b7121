#include "provider/logout_sender.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "http/forms.h"
#include "jose/jwt.h"
#include "oauth/logout_token.h"
#include "oauth/test_support.h"
#include "provider/logout_dispatcher.h"
#include "sessions/logout_notices.h"
#include "sessions/session_clients.h"

namespace vestibule::provider {
namespace {

using Answer = std::expected<http::OutgoingResponse, http::OutgoingError>;

class LogoutSenderTest : public oauth::OAuthTest {
 protected:
  LogoutSenderTest() {
    for (auto* client : {&confidential, &unbound}) {
      client->backchannel_logout.uri = "https://rp.test/" + client->client_id();
      write([&](store::Transaction& tx) { oauth::update_client(tx, *client, now()); });
    }
  }

  /// The notice of a session that the client knew and that has ended now.
  sessions::LogoutNotice end_one(base::ClientId client) {
    const auto session = sign_in(account.id);
    write([&](store::Transaction& tx) {
      sessions::note_session_client(tx, session, client, account.subject());
      sessions.end(tx, session, now());
    });
    auto all = waiting(base::Time::max());
    return *std::ranges::find(all, session, &sessions::LogoutNotice::session);
  }
  std::vector<sessions::LogoutNotice> waiting(base::Time until) {
    return read([&](store::Transaction& tx) {
      return sessions::list_due_notices(tx, std::min(until, now() + std::chrono::days(365)), 100);
    });
  }
  LogoutSender sender() {
    return {*store,
            clock,
            random,
            oauth::test_issuer,
            oauth::TestKeys::shared().ring,
            [this](const http::OutgoingRequest& request) -> Answer {
              sent.push_back(request);
              return answer;
            }};
  }
  static Answer status(int code) {
    http::OutgoingResponse response;
    response.status = code;
    return response;
  }

  Answer answer = status(200);
  std::vector<http::OutgoingRequest> sent;
};

TEST_F(LogoutSenderTest, WhatIsSentIsAFormWithOneTokenMadeNow) {
  const auto notice = end_one(confidential.id);
  clock.advance(std::chrono::hours(3));
  EXPECT_EQ(sender().attempt(notice.id), LogoutOutcome::delivered);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].method, "POST");
  EXPECT_EQ(sent[0].url, "https://rp.test/" + confidential.client_id());
  const auto form = http::Form::parse(sent[0].body).value();
  EXPECT_EQ(form.fields().size(), 1U);
  const auto ring = oauth::TestKeys::shared().ring.ring();
  const auto claims = jose::verify(form.get("logout_token"), ring->verification_keys(),
                                   {.issuer = oauth::test_issuer,
                                    .audience = jose::AnyAudience{},
                                    .allowed = {confidential.id_token_algorithm},
                                    .types = {"logout+jwt"}},
                                   now());
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->session_id, notice.session.token());
  EXPECT_EQ(claims->expires_at, now() + oauth::logout_token_life);
  EXPECT_TRUE(waiting(base::Time::max()).empty());
  EXPECT_EQ(sender().attempt(notice.id), LogoutOutcome::nothing_to_do);
  EXPECT_EQ(sent.size(), 1U);
}

TEST_F(LogoutSenderTest, AnythingButSuccessIsTriedAgainLaterAndLater) {
  const auto notice = end_one(confidential.id);
  auto longest = base::Milliseconds{0};
  for (const auto& failure : {status(302), status(400), status(500),
                              Answer{std::unexpected(http::OutgoingError{
                                  http::OutgoingError::Kind::timeout, "rp.test"})}}) {
    answer = failure;
    EXPECT_EQ(sender().attempt(notice.id), LogoutOutcome::delayed);
    EXPECT_EQ(sender().attempt(notice.id), LogoutOutcome::nothing_to_do) << "not due yet";
    const auto wait = waiting(base::Time::max()).at(0).due_at - now();
    EXPECT_GT(wait, longest / 2);
    longest = std::max(longest, wait);
    clock.advance(wait);
  }
  answer = status(204);
  EXPECT_EQ(sender().attempt(notice.id), LogoutOutcome::delivered);
  EXPECT_EQ(sent.size(), 5U);
}

TEST_F(LogoutSenderTest, AfterADayItIsDropped) {
  const auto notice = end_one(confidential.id);
  answer = status(500);
  LogoutOutcome last = LogoutOutcome::delayed;
  const auto start = now();
  while (last == LogoutOutcome::delayed) {
    last = sender().attempt(notice.id);
    if (const auto left = waiting(base::Time::max()); !left.empty()) {
      clock.advance(left[0].due_at - now());
    }
    ASSERT_LT(sent.size(), 400U);
  }
  EXPECT_EQ(last, LogoutOutcome::dropped);
  EXPECT_GT(now() - start, std::chrono::hours(23));
  EXPECT_TRUE(waiting(base::Time::max()).empty());
}

TEST_F(LogoutSenderTest, AClientThatNoLongerListensIsLeftAlone) {
  const auto notice = end_one(confidential.id);
  confidential.backchannel_logout = {};
  write([&](store::Transaction& tx) { oauth::update_client(tx, confidential, now()); });
  EXPECT_EQ(sender().attempt(notice.id), LogoutOutcome::nothing_to_do);
  EXPECT_TRUE(sent.empty());
  EXPECT_TRUE(waiting(base::Time::max()).empty());
}

TEST_F(LogoutSenderTest, ASlowClientDelaysNobodyElse) {
  for (int i = 0; i < 3; ++i) end_one(confidential.id);
  end_one(unbound.id);
  std::mutex mutex;
  std::condition_variable changed;
  bool released = false;
  int slow_at_once = 0;
  int delivered = 0;
  auto work = sender();
  work.send = [&](const http::OutgoingRequest& request) -> Answer {
    if (request.url.ends_with(unbound.client_id())) return status(200);
    std::unique_lock lock(mutex);
    EXPECT_EQ(++slow_at_once, 1) << "one request at a time for each client";
    changed.wait(lock, [&] { return released; });
    --slow_at_once;
    return status(200);
  };
  LogoutDispatcher dispatcher{work, [&](LogoutOutcome outcome) {
                                const std::lock_guard lock(mutex);
                                if (outcome == LogoutOutcome::delivered) ++delivered;
                                changed.notify_all();
                              }};
  dispatcher.start();
  std::unique_lock lock(mutex);
  EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return delivered == 1; }));
  released = true;
  changed.notify_all();
  EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return delivered == 4; }));
  lock.unlock();
  end_one(unbound.id);
  dispatcher.wake();
  lock.lock();
  EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return delivered == 5; }));
  lock.unlock();
  dispatcher.stop();
}

}  // namespace
}  // namespace vestibule::provider
