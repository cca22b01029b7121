#include "remote/saga.h"

#include <gtest/gtest.h>

#include "gateway/identity_provider.h"
#include "remote/testing.h"

namespace vestibule::remote {
namespace {

using namespace std::chrono_literals;
using testing::FakeApi;
using testing::Killed;
using testing::SagaWorld;
using Fault = FakeApi::Fault;

const std::vector<Fault> all_faults{Fault::killed_before, Fault::killed_after, Fault::lost_before,
                                    Fault::lost_after, Fault::unreachable};

/// The n-th call from now on goes wrong.
void arm(SagaWorld& it, std::size_t n, Fault fault) {
  it.api.fault = [at = it.api.calls.size() + n, fault](std::size_t call) {
    return call == at ? fault : Fault::none;
  };
}

gateway::UpgradeForm form() {
  return {"Jane", "Doe", "jane@example.com", base::Secret("violet-harbour-antique-9")};
}

bool provision(SagaWorld& it, const GuestWanted& wanted) {
  return it.sagas.provisioning.run(wanted).has_value();
}
bool upgrade(SagaWorld& it, const std::string& subject) {
  return it.sagas.upgrading.run({*it.find(subject), form()}).has_value();
}

/// Runs `act` with one fault after the other at each of its calls, then what recovers it, then
/// `check`.
template <class Prepare, class Act, class Check>
void with_every_fault(Prepare prepare, Act act, Check check) {
  for (const auto fault : all_faults) {
    for (std::size_t n = 0;; ++n) {
      SagaWorld it;
      const std::string subject = prepare(it);
      const auto before = it.api.calls.size();
      arm(it, n, fault);
      try {
        act(it, subject);
      } catch (const Killed&) {
      } catch (const gateway::ProviderUnavailable&) {
      }
      const bool reached = it.api.calls.size() > before + n;
      it.recover();
      SCOPED_TRACE("fault " + std::to_string(static_cast<int>(fault)) + " at call " +
                   std::to_string(n));
      EXPECT_EQ(it.open_tasks(), 0);
      check(it, subject);
      if (!reached || n > 20) break;
    }
  }
}

TEST(ProvisionSaga, AGuestIsOneWhateverGoesWrong) {
  const auto ticket = [](SagaWorld& it) { return it.world.new_session_id(); };
  for (const auto fault : all_faults) {
    for (std::size_t n = 0; n < 3; ++n) {
      SagaWorld it;
      const auto session = ticket(it);
      arm(it, n, fault);
      try {
        it.visit(session);
      } catch (const Killed&) {
      } catch (const gateway::ProviderUnavailable&) {
      }
      it.recover();
      ASSERT_EQ(it.api.users.size(), 1U);
      EXPECT_EQ(it.told("guest.provisioned"), 1);
      EXPECT_EQ(it.world.user_count(), 1);
      EXPECT_EQ(it.find(it.api.users.begin()->first)->subject(), it.api.users.begin()->first);
    }
  }
}

TEST(ProvisionSaga, TheSameTicketLeadsToTheSameGuest) {
  SagaWorld it;
  const auto session = it.world.new_session_id();
  const auto subject = it.visit(session);
  EXPECT_EQ(it.visit(session), subject);
  EXPECT_NE(it.visit(it.world.new_session_id()), subject);
  EXPECT_EQ(it.api.users.size(), 2U);
}

TEST(ProvisionSaga, AKeyIsBoundToItsBodyAlsoAfterACrash) {
  SagaWorld it;
  GuestWanted wanted;
  wanted.key = "order-1";
  wanted.body = "{\"a\":1}";
  wanted.caller = base::UserId{11};
  arm(it, 1, Fault::killed_before);
  EXPECT_THROW(provision(it, wanted), Killed);
  it.recover();
  const auto again = it.sagas.provisioning.run(wanted);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->provisioned.freshness, guests::Freshness::existing);
  wanted.body = "{\"a\":2}";
  EXPECT_EQ(it.sagas.provisioning.run(wanted).error().reason, "key_reused");
  // A key is forgotten after a day, and then makes another guest.
  it.world.clock.advance(25h);
  const auto next = it.sagas.provisioning.run(wanted);
  ASSERT_TRUE(next);
  EXPECT_NE(next->provisioned.user.subject(), again->provisioned.user.subject());
}

TEST(ProvisionSaga, WhatTheRemoteRefusesLeavesNothing) {
  SagaWorld it;
  it.api.refusal = CallError{CallError::Kind::refused, 403, "permission_denied", "no role"};
  EXPECT_THROW(it.visit(it.world.new_session_id()), gateway::ProviderUnavailable);
  EXPECT_EQ(it.open_tasks(), 0);
  EXPECT_EQ(it.world.user_count(), 0);
}

TEST(UpgradeSaga, IsCompletedWhateverGoesWrong) {
  with_every_fault([](SagaWorld& it) { return it.visit(it.world.new_session_id()); },
                   [](SagaWorld& it, const std::string& subject) { upgrade(it, subject); },
                   [](SagaWorld& it, const std::string& subject) {
                     const auto& there = it.api.users.at(subject);
                     const auto here = it.find(subject);
                     ASSERT_TRUE(here);
                     // The person was told that it failed before anything was stored: nothing has.
                     const bool kept_guest = !there.shown.has_password;
                     EXPECT_EQ(here->is_guest(), kept_guest);
                     EXPECT_EQ(there.tags.empty(), !kept_guest);
                     EXPECT_EQ(it.told("guest.upgraded"), kept_guest ? 0 : 1);
                   });
}

TEST(UpgradeSaga, ARefusalThatIsAnOperatorsMistakeMakesNoAccount) {
  SagaWorld it;
  const auto subject = it.visit(it.world.new_session_id());
  arm(it, 1, Fault::lost_before);
  const auto lost_role = CallError{CallError::Kind::refused, 403, "permission_denied", "no role"};
  it.api.fault = [&, at = it.api.calls.size() + 2](std::size_t call) {
    if (call == at) it.api.refusal = lost_role;
    return call == at - 1 ? Fault::lost_before : Fault::none;
  };
  EXPECT_THROW(upgrade(it, subject), gateway::ProviderUnavailable);
  EXPECT_TRUE(it.find(subject)->is_guest());
  EXPECT_EQ(it.open_tasks(), 1);
  it.api.refusal.reset();
  it.recover();
  EXPECT_FALSE(it.find(subject)->is_guest());
  EXPECT_TRUE(it.api.users.at(subject).shown.has_password);
}

std::string abandoned(SagaWorld& it) {
  const auto subject = it.visit(it.world.new_session_id());
  it.world.clock.advance(24h * 40);
  return subject;
}
void begin_purge(SagaWorld& it, const std::string& subject) {
  const std::vector candidates{it.find(subject)->id};
  it.world.write([&](store::Transaction& tx) {
    it.sagas.removing.begin_purge(tx, candidates, it.world.now() - 24h * 30, it.world.now());
  });
}

TEST(RemovalSaga, IsCompletedWhateverGoesWrong) {
  with_every_fault(
      abandoned,
      [](SagaWorld& it, const std::string& subject) {
        begin_purge(it, subject);
        it.recover();
      },
      [](SagaWorld& it, const std::string& subject) {
        EXPECT_FALSE(it.api.users.contains(subject));
        EXPECT_FALSE(it.find(subject));
        EXPECT_EQ(it.told("guest.purged"), 1);
      });
}

TEST(RemovalSaga, ARegistrationThroughAnotherDoorWins) {
  SagaWorld it;
  const auto subject = abandoned(it);
  begin_purge(it, subject);
  it.sagas.run_due(it.world.now(), {});
  EXPECT_EQ(it.api.users.at(subject).shown.state, RemoteState::inactive);
  it.sagas.run_due(it.world.now(), {});
  ASSERT_TRUE(it.api.users.contains(subject)) << "it waits";
  it.api.users.at(subject).shown.has_password = true;
  it.api.users.at(subject).tags.clear();
  it.recover();
  EXPECT_EQ(it.api.users.at(subject).shown.state, RemoteState::active);
  EXPECT_FALSE(it.find(subject)->is_guest());
  EXPECT_EQ(it.told("guest.purged"), 0);
  EXPECT_EQ(it.told("guest.upgraded"), 1);
}

TEST(RemovalSaga, AnUpgradeWinsOverAPurgeThatWaits) {
  SagaWorld it;
  const auto subject = abandoned(it);
  begin_purge(it, subject);
  it.sagas.run_due(it.world.now(), {});
  const auto upgraded = it.sagas.upgrading.run({*it.find(subject), form()});
  ASSERT_TRUE(upgraded) << upgraded.error().message;
  it.recover();
  EXPECT_EQ(it.api.users.at(subject).shown.state, RemoteState::active);
  EXPECT_EQ(it.told("guest.purged"), 0);
}

TEST(RemovalSaga, AVisitorWhoComesBackIsRescued) {
  SagaWorld it;
  const auto subject = abandoned(it);
  EXPECT_FALSE(it.sagas.removing.rescue(*it.find(subject))) << "nothing waits";
  begin_purge(it, subject);
  it.sagas.run_due(it.world.now(), {});
  EXPECT_TRUE(it.sagas.removing.rescue(*it.find(subject)));
  it.recover();
  EXPECT_EQ(it.api.users.at(subject).shown.state, RemoteState::active);
  EXPECT_TRUE(it.find(subject)->is_guest());
  begin_purge(it, subject);
  EXPECT_EQ(it.open_tasks(), 0) << "it is active again";
}

TEST(RemovalSaga, ALostRoleDeletesAndRegistersNobody) {
  SagaWorld it;
  const auto subject = abandoned(it);
  begin_purge(it, subject);
  it.api.refusal = CallError{CallError::Kind::refused, 403, "permission_denied", "no role"};
  it.world.clock.advance(1h);
  it.sagas.run_due(it.world.now(), {});
  EXPECT_EQ(it.open_tasks(), 1);
  EXPECT_TRUE(it.find(subject)->is_guest());
  it.api.refusal.reset();
  it.recover();
  EXPECT_FALSE(it.find(subject));
}

}  // namespace
}  // namespace vestibule::remote
