#include "gateway/admission.h"

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "gateway/pack.h"
#include "gateway/testing.h"

namespace vestibule::gateway {
namespace {

using std::chrono::minutes;

/// Answers what a test says and counts what it was asked.
class ScriptedProvider final : public IdentityProvider {
 public:
  Awaitable<GuestGrant> provision(GuestRequest request) override {
    asked.push_back(request.session);
    if (refusals > 0) {
      --refusals;
      co_return base::fail(base::ErrorKind::conflict, refusal, "no");
    }
    GuestGrant made;
    made.grant = grant;
    made.grant.session.session = request.session;
    made.novelty = Novelty::created;
    co_return made;
  }
  Awaitable<Grant> renew(SessionHandle handle) override {
    ++renewals;
    if (lost) throw std::runtime_error("lost");
    if (refusals > 0) co_return base::fail(base::ErrorKind::unauthenticated, "no_session", "no");
    Grant next = grant;
    next.session = std::move(handle);
    ++next.session.generation;
    co_return next;
  }
  Awaitable<Grant> glance(SessionHandle) override {
    ++glances;
    co_return grant;
  }
  Awaitable<Profile> profile(SessionHandle) override { return unexpected<Profile>(); }
  Awaitable<void> check_password(base::Secret, std::vector<std::string>) override {
    return unexpected<void>();
  }
  Awaitable<Upgrade> upgrade(SessionHandle, UpgradeForm) override { return unexpected<Upgrade>(); }
  std::string authorization_url(const SignInStart&) const override { return {}; }
  Awaitable<SignedIn> complete_sign_in(SignInAnswer) override { return unexpected<SignedIn>(); }
  Awaitable<ChoiceDone> choose(ChoiceRequest) override { return unexpected<ChoiceDone>(); }
  boost::asio::awaitable<MergeProgress> await_merge(std::string, base::Milliseconds) override {
    co_return MergeProgress::settled;
  }
  Awaitable<void> erase_guest(SessionHandle) override { return unexpected<void>(); }
  Awaitable<SignedOut> end_session(SessionHandle) override { return unexpected<SignedOut>(); }
  Awaitable<std::string> find_claim(SessionHandle, base::Secret) override {
    return unexpected<std::string>();
  }
  Awaitable<Grant> prove_email(SessionHandle, base::Secret) override { return unexpected<Grant>(); }
  std::string proof_page(std::string_view) const override { return {}; }
  Awaitable<std::vector<TimelineEntry>> timeline(SessionHandle) override {
    return unexpected<std::vector<TimelineEntry>>();
  }
  Awaitable<ServiceGuest> provision(ServiceGuestRequest) override {
    return unexpected<ServiceGuest>();
  }
  Awaitable<std::vector<MergeTask>> pending_merges(base::Secret) override {
    return unexpected<std::vector<MergeTask>>();
  }
  Awaitable<MergeTask> acknowledge(base::Secret, std::string) override {
    return unexpected<MergeTask>();
  }
  Awaitable<std::string> find_alias(base::Secret, std::string) override {
    return unexpected<std::string>();
  }

  Grant grant;
  std::vector<base::SessionId> asked;
  int refusals = 0;
  std::string_view refusal = "ticket_used";
  bool lost = false;
  int renewals = 0;
  int glances = 0;

 private:
  template <class T>
  static Awaitable<T> unexpected() {
    throw std::logic_error("admission asks no such thing");
  }
};

class AdmissionTest : public testing::Test {
 protected:
  explicit AdmissionTest(GuestGate::Limits limits = {})
      : gate(limits),
        work(kit.sealer, 4),
        admissions({provider, kit.session, kit.ticket, gate, work, kit.clock, kit.random}) {
    provider.grant = kit.grant("renewed");
  }
  Admission admit(Visitor visitor, Need need, Cause cause, std::string shown = {}) {
    boost::asio::io_context io;
    auto future = boost::asio::co_spawn(
        io, admissions.admit(std::move(visitor), need, cause, http::IpAddress{}, std::move(shown)),
        boost::asio::use_future);
    io.run();
    return future.get();
  }
  Visitor holder(TokenState state) {
    Visitor visitor;
    visitor.session = kit.grant("held");
    visitor.token = state;
    return visitor;
  }
  static std::string_view token(const Admission& admission) {
    return admission.identity ? admission.identity->token.reveal() : "";
  }

  CookieKit kit;
  ScriptedProvider provider;
  GuestGate gate;
  ProofOfWork work;
  Admissions admissions;
};

/// Three guests in all; then work is due.
class AdmissionByWorkTest : public AdmissionTest {
 protected:
  AdmissionByWorkTest()
      : AdmissionTest({.in_all = {3, minutes(1), 3}, .policy = WorkPolicy::pressure}) {
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(admit({}, Need::somebody, Cause::own_page).novelty, Novelty::created);
    provider.asked.clear();
  }
  Visitor ticket_holder() {
    Visitor visitor;
    visitor.ticket = kit.ticket.issue(kit.now(), kit.random);
    return visitor;
  }
};

TEST_F(AdmissionTest, AFreshSessionNeedsNobody) {
  for (const auto need : {Need::whoever_it_is, Need::somebody}) {
    const auto admission = admit(holder(TokenState::fresh), need, Cause::own_page);
    EXPECT_EQ(token(admission), "held");
    EXPECT_TRUE(admission.cookies.empty());
  }
  EXPECT_EQ(provider.renewals + provider.glances, 0);
  EXPECT_TRUE(provider.asked.empty());
}

TEST_F(AdmissionTest, ADueTokenCarriesOverALostProviderAndAnExpiredOneDoesNot) {
  provider.lost = true;
  const auto admission = admit(holder(TokenState::due), Need::somebody, Cause::own_page);
  EXPECT_EQ(token(admission), "held");
  EXPECT_TRUE(admission.cookies.empty());
  EXPECT_THROW(admit(holder(TokenState::expired), Need::whoever_it_is, Cause::own_page),
               std::runtime_error);
}

TEST_F(AdmissionTest, ARenewedSessionReplacesTheCookie) {
  const auto admission = admit(holder(TokenState::due), Need::whoever_it_is, Cause::own_page);
  EXPECT_EQ(token(admission), "renewed");
  ASSERT_EQ(admission.cookies.size(), 1U);
  EXPECT_EQ(kit.visit(CookieKit::headers(admission.cookies)).session->session.generation, 2U);
}

TEST_F(AdmissionTest, ADeadSessionIsDeletedOrReplaced) {
  provider.refusals = 1;
  const auto looking = admit(holder(TokenState::expired), Need::whoever_it_is, Cause::own_page);
  EXPECT_FALSE(looking.identity);
  ASSERT_EQ(looking.cookies.size(), 1U);
  EXPECT_TRUE(looking.cookies[0].value.empty());
  provider.refusals = 0;
  Visitor nobody;
  nobody.leftover = Leftover::session_cookie;
  const auto acting = admit(nobody, Need::somebody, Cause::own_page);
  EXPECT_EQ(acting.novelty, Novelty::created);
  ASSERT_EQ(acting.cookies.size(), 1U);
  EXPECT_FALSE(acting.cookies[0].value.empty());
}

TEST_F(AdmissionTest, AForeignPageChangesNothing) {
  EXPECT_EQ(token(admit(holder(TokenState::due), Need::somebody, Cause::foreign_page)), "held");
  EXPECT_EQ(provider.glances, 0);
  EXPECT_EQ(token(admit(holder(TokenState::expired), Need::somebody, Cause::foreign_page)),
            "renewed");
  EXPECT_EQ(provider.glances, 1);
  Visitor nobody;
  nobody.leftover = Leftover::session_cookie;
  const auto admission = admit(nobody, Need::somebody, Cause::foreign_page);
  EXPECT_FALSE(admission.identity);
  EXPECT_TRUE(admission.cookies.empty());
  EXPECT_EQ(provider.renewals, 0);
  EXPECT_TRUE(provider.asked.empty());
}

TEST_F(AdmissionTest, AUsedTicketIsLeftForANewSession) {
  Visitor visitor;
  visitor.ticket = kit.ticket.issue(kit.now(), kit.random);
  provider.refusals = 1;
  EXPECT_TRUE(admit(visitor, Need::somebody, Cause::own_page).identity);
  ASSERT_EQ(provider.asked.size(), 2U);
  EXPECT_EQ(provider.asked[0], visitor.ticket->session);
  EXPECT_NE(provider.asked[1], visitor.ticket->session);
  provider.refusals = 1;
  provider.refusal = "insufficient_rights";
  EXPECT_THROW(admit(visitor, Need::somebody, Cause::own_page), std::runtime_error);
}

TEST_F(AdmissionTest, OnlyWhoHasNeitherCookieIsOfferedATicket) {
  EXPECT_TRUE(admissions.offer_ticket(Visitor{}));
  EXPECT_FALSE(admissions.offer_ticket(holder(TokenState::fresh)));
  Visitor visitor;
  visitor.ticket = kit.ticket.issue(kit.now(), kit.random);
  EXPECT_FALSE(admissions.offer_ticket(visitor));
}

TEST_F(AdmissionByWorkTest, WhoShowsItIsLetIn) {
  const auto visitor = ticket_holder();
  const auto refused = admit(visitor, Need::somebody, Cause::own_page);
  EXPECT_EQ(refused.outcome, Admission::Outcome::work_due);
  ASSERT_TRUE(refused.work);
  EXPECT_TRUE(refused.cookies.empty()) << "the ticket that is there will do";
  EXPECT_TRUE(provider.asked.empty());
  const auto worked =
      admit(visitor, Need::somebody, Cause::own_page, solve_for_test(*refused.work));
  EXPECT_EQ(worked.outcome, Admission::Outcome::admitted);
  EXPECT_EQ(worked.novelty, Novelty::created);
  ASSERT_EQ(provider.asked.size(), 1U);
  EXPECT_EQ(provider.asked[0], visitor.ticket->session);
}

TEST_F(AdmissionByWorkTest, WhoHasNoTicketGetsOneWithTheChallenge) {
  const auto refused = admit({}, Need::somebody, Cause::own_page);
  ASSERT_EQ(refused.cookies.size(), 1U);
  const auto visitor = kit.visit(CookieKit::headers(refused.cookies));
  ASSERT_TRUE(visitor.ticket);
  EXPECT_EQ(work.check(*visitor.ticket, solve_for_test(*refused.work), kit.now()),
            WorkVerdict::good);
}

TEST_F(AdmissionByWorkTest, OneWorkIsOneGuest) {
  const auto visitor = ticket_holder();
  const auto shown = solve_for_test(work.issue(*visitor.ticket, kit.now()));
  EXPECT_EQ(admit(visitor, Need::somebody, Cause::own_page, shown).novelty, Novelty::created);
  provider.asked.clear();
  provider.refusals = 1;  // the ticket has been used
  const auto again = admit(visitor, Need::somebody, Cause::own_page, shown);
  EXPECT_EQ(again.outcome, Admission::Outcome::work_due);
  EXPECT_EQ(provider.asked.size(), 1U) << "no second guest on the same work";
  ASSERT_EQ(again.cookies.size(), 1U) << "a new ticket";
  const auto fresh = kit.visit(CookieKit::headers(again.cookies));
  EXPECT_EQ(work.check(*fresh.ticket, shown, kit.now()), WorkVerdict::foreign);
  EXPECT_EQ(work.check(*fresh.ticket, solve_for_test(*again.work), kit.now()), WorkVerdict::good);
}

TEST_F(AdmissionByWorkTest, NobodyElseIsAsked) {
  EXPECT_EQ(token(admit(holder(TokenState::fresh), Need::somebody, Cause::own_page)), "held");
  EXPECT_EQ(token(admit(holder(TokenState::due), Need::somebody, Cause::own_page)), "renewed");
  EXPECT_EQ(admit({}, Need::whoever_it_is, Cause::own_page).outcome, Admission::Outcome::admitted);
  const auto foreign = admit({}, Need::somebody, Cause::foreign_page);
  EXPECT_EQ(foreign.outcome, Admission::Outcome::admitted);
  EXPECT_FALSE(foreign.identity);
  EXPECT_TRUE(foreign.cookies.empty());
}

TEST_F(AdmissionByWorkTest, WorkIsOfferedWithTheTicketWhileItIsDue) {
  const auto nobody = admissions.offer({});
  EXPECT_TRUE(nobody.ticket);
  EXPECT_TRUE(nobody.work);
  const auto with_ticket = admissions.offer(ticket_holder());
  EXPECT_FALSE(with_ticket.ticket);
  EXPECT_TRUE(with_ticket.work);
  EXPECT_FALSE(admissions.offer(holder(TokenState::fresh)).work);
  kit.clock.advance(minutes(1));
  EXPECT_FALSE(admissions.offer({}).work) << "the pressure is gone";
}

TEST(Pack, ReadsBackExactlyWhatWasWritten) {
  base::SystemRandom random;
  const base::SessionId id{base::Uuid::make(base::FakeClock().now(), random)};
  const auto bytes = Packer(3)
                         .u32(0xfffefdfc)
                         .time(base::FakeClock().now())
                         .session(id)
                         .text("")
                         .text("text")
                         .take();
  const auto read = [&](std::string_view from, std::uint8_t format) {
    Unpacker unpacker(from, format);
    const bool same = unpacker.u32() == 0xfffefdfc && unpacker.time() == base::FakeClock().now() &&
                      unpacker.session() == id && unpacker.text().empty() &&
                      unpacker.text() == "text";
    return same && unpacker.complete();
  };
  EXPECT_TRUE(read(bytes, 3));
  EXPECT_FALSE(read(bytes, 4));
  EXPECT_FALSE(read(bytes + "x", 3));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(read(std::string_view(bytes).substr(0, size), 3)) << size;
  EXPECT_THROW(Packer(1).text(std::string(65'536, 'x')), std::length_error);
}

}  // namespace
}  // namespace vestibule::gateway
