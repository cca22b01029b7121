#include "remote/service_token.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <future>
#include <stdexcept>

#include "http/forms.h"
#include "jose/jwt.h"
#include "remote/fake_zitadel_test.h"
#include "remote/zitadel_client.h"

namespace vestibule::remote {
namespace {

namespace json = boost::json;
using Kind = CallError::Kind;
using testing::FakeZitadel;
using testing::Received;
using testing::Reply;

const jose::PrivateKey& machine_key() {
  static const auto key = jose::PrivateKey::generate(jose::Algorithm::rs256);
  return key;
}

json::object key_file() {
  return {{"type", "serviceaccount"},
          {"keyId", "key-7"},
          {"key", machine_key().to_pem().reveal()},
          {"userId", "svc-1"}};
}

base::Secret written(const json::object& file) {
  return base::Secret(json::serialize(file));
}

std::string token_answer(const std::string& token, int seconds = 3600) {
  return R"({"access_token":")" + token + R"(","token_type":"Bearer","expires_in":)" +
         std::to_string(seconds) + "}";
}

class ServiceTokenTest : public ::testing::Test {
 protected:
  base::FakeClock clock;
  FakeZitadel remote{{{.body = token_answer("first")}}};

  ZitadelOptions options() const {
    auto options = remote.options();
    options.service_token = base::Secret();
    options.service_key = written(key_file());
    return options;
  }
  const http::OutgoingClient outgoing{options().outgoing};
  ServiceToken token{options(), outgoing, clock};
};

TEST_F(ServiceTokenTest, AssertsWithTheKeyAsZitadelWantsIt) {
  EXPECT_EQ(token.bearer().value().reveal(), "first");
  const auto request = remote.last();
  EXPECT_EQ(request.target, "/oauth/v2/token");
  EXPECT_FALSE(request.headers.contains("Authorization"));
  const auto form = http::Form::parse(request.body).value();
  EXPECT_EQ(form.get("grant_type"), "urn:ietf:params:oauth:grant-type:jwt-bearer");
  EXPECT_EQ(form.get("scope"), "openid profile email urn:zitadel:iam:org:project:id:zitadel:aud");
  EXPECT_EQ(form.fields().size(), 3U);

  const jose::KeySet keys({{"key-7", jose::Algorithm::rs256, machine_key().public_key()}});
  const jose::Policy policy{.issuer = "svc-1",
                            .audience = remote.issuer(),
                            .allowed = {jose::Algorithm::rs256},
                            .types = {"JWT"}};
  const auto claims = jose::verify(form.get("assertion"), keys, policy, clock.now());
  ASSERT_TRUE(claims) << jose::to_string(claims.error());
  EXPECT_EQ(claims->subject, "svc-1");
  EXPECT_EQ(claims->audience.size(), 1U);
  EXPECT_EQ(base::to_seconds(claims->issued_at.value()), base::to_seconds(clock.now()));
  EXPECT_EQ(claims->expires_at - *claims->issued_at, base::Seconds{300});
  EXPECT_EQ(jose::parse_compact(form.get("assertion")).value().kid, "key-7");
}

TEST_F(ServiceTokenTest, NamesTheProjectOfTheExchangesThatItActsIn) {
  auto with_project = options();
  with_project.audience = "project-1";
  EXPECT_TRUE(ServiceToken(with_project, outgoing, clock).bearer());
  EXPECT_EQ(http::Form::parse(remote.last().body).value().get("scope"),
            "openid profile email urn:zitadel:iam:org:project:id:zitadel:aud "
            "urn:zitadel:iam:org:project:id:project-1:aud");
}

TEST_F(ServiceTokenTest, IsKeptUntilShortlyBeforeItEnds) {
  remote.answer({{.body = token_answer("first")}, {.body = token_answer("second")}});
  EXPECT_EQ(token.bearer().value().reveal(), "first");
  clock.advance(base::Seconds{3539});
  EXPECT_EQ(token.bearer().value().reveal(), "first");
  EXPECT_EQ(remote.count(), 1U);
  clock.advance(base::Seconds{1});
  EXPECT_EQ(token.bearer().value().reveal(), "second");
  EXPECT_EQ(remote.count(), 2U);
}

TEST_F(ServiceTokenTest, OneOfAShortLifeIsUsedForHalfOfIt) {
  remote.answer({{.body = token_answer("first", 20)}, {.body = token_answer("second")}});
  EXPECT_EQ(token.bearer().value().reveal(), "first");
  clock.advance(base::Seconds{9});
  EXPECT_EQ(token.bearer().value().reveal(), "first");
  clock.advance(base::Seconds{1});
  EXPECT_EQ(token.bearer().value().reveal(), "second");
}

TEST_F(ServiceTokenTest, IsRenewedOnceForAllWhoWereRefused) {
  remote.answer({{.body = token_answer("first")}, {.body = token_answer("second")}});
  const auto first = token.bearer().value();
  EXPECT_EQ(token.renewed(first).value().reveal(), "second");
  EXPECT_EQ(token.renewed(first).value().reveal(), "second") << "somebody else has got it";
  EXPECT_EQ(remote.count(), 2U);
}

TEST_F(ServiceTokenTest, EverybodyWaitsForTheSameFetch) {
  std::atomic<bool> held = true;
  remote.answer_with([&](const Received&) {
    held.wait(true);
    return Reply{.status = 503, .body = ""};
  });
  std::vector<std::future<bool>> callers;
  for (int i = 0; i < 8; ++i) {
    callers.push_back(std::async(std::launch::async, [&] { return token.bearer().has_value(); }));
  }
  while (remote.count() == 0) std::this_thread::yield();
  held = false;
  held.notify_all();
  for (auto& caller : callers) EXPECT_FALSE(caller.get());
  EXPECT_LE(remote.count(), 8U);

  remote.answer_with([](const Received&) { return Reply{.body = token_answer("good")}; });
  const auto before = remote.count();
  callers.clear();
  for (int i = 0; i < 8; ++i) {
    callers.push_back(std::async(std::launch::async, [&] { return token.bearer().has_value(); }));
  }
  for (auto& caller : callers) EXPECT_TRUE(caller.get());
  EXPECT_EQ(remote.count(), before + 1);
}

TEST_F(ServiceTokenTest, WithoutATokenTheCallWasNotSent) {
  const std::vector<std::pair<Reply, Kind>> failures{
      {{.status = 400, .body = R"({"error":"invalid_grant"})"}, Kind::refused},
      {{.status = 401, .body = R"({"error":"invalid_client"})"}, Kind::refused},
      {{.status = 429, .body = ""}, Kind::unreachable},
      {{.status = 500, .body = ""}, Kind::unreachable},
      {{.status = 302, .body = ""}, Kind::unreachable},
      {{.body = "{}"}, Kind::unreachable},
      {{.body = token_answer("a\\nb")}, Kind::unreachable},
      {{.raw = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"}, Kind::unreachable}};
  for (const auto& [reply, kind] : failures) {
    remote.answer({reply});
    ZitadelClient client(options(), clock);
    const auto user = client.find_user("400");
    ASSERT_FALSE(user);
    EXPECT_EQ(user.error().kind, kind) << user.error().detail;
    EXPECT_EQ(user.error().is("unauthenticated"), kind == Kind::refused);
    EXPECT_TRUE(user.error().detail.starts_with("GetUserByID: not sent: service token: "))
        << user.error().detail;
    EXPECT_EQ(remote.last().target, "/oauth/v2/token");
    const auto tokens = client.impersonate("400");
    ASSERT_FALSE(tokens);
    EXPECT_EQ(tokens.error().kind, kind);
  }
}

/// A remote that gives "token-1", "token-2" … and accepts what `accepts` says.
struct Rotating {
  explicit Rotating(FakeZitadel& remote, std::string accepted, Reply refused) {
    remote.answer_with([this, accepted, refused](const Received& request) -> Reply {
      if (request.body.find("jwt-bearer") != std::string::npos) {
        return {.body = token_answer("token-" + std::to_string(++given))};
      }
      const bool good = request.body.find("actor_token=" + accepted) != std::string::npos ||
                        request.headers.find("Authorization") == "Bearer " + accepted;
      if (!good) return refused;
      return {.body = R"({"access_token":"h.p.s","token_type":"Bearer","expires_in":9,
        "issued_token_type":"urn:ietf:params:oauth:token-type:jwt","pagination":{}})"};
    });
  }
  std::atomic<int> given = 0;
};

const Reply unauthenticated{.status = 401, .body = R"~({"code":16,"message":"No (AUTH-7fs1e)"})~"};
const Reply actor_invalid{
    .status = 400,
    .body = R"({"error":"invalid_request","error_description":"actor_token invalid"})"};

TEST_F(ServiceTokenTest, ACallIsMadeAgainWithAnotherTokenAfterA401) {
  const Rotating rotating(remote, "token-2", unauthenticated);
  ZitadelClient client(options(), clock);
  EXPECT_TRUE(client.list_guest_tags("400"));
  EXPECT_EQ(remote.count(), 4U);
  EXPECT_TRUE(client.list_guest_tags("400"));
  EXPECT_EQ(remote.count(), 5U) << "the new one is kept";
  EXPECT_EQ(client.longest_call(), 4 * options().outgoing.total_timeout);
}

TEST_F(ServiceTokenTest, ButOnlyOnce) {
  const Rotating rotating(remote, "none", unauthenticated);
  ZitadelClient client(options(), clock);
  const auto tags = client.list_guest_tags("400");
  ASSERT_FALSE(tags);
  EXPECT_TRUE(tags.error().is("unauthenticated"));
  EXPECT_EQ(remote.count(), 4U);
}

TEST_F(ServiceTokenTest, AndAfterNothingElse) {
  for (const int status : {400, 403, 404, 500}) {
    Reply other = unauthenticated;
    other.status = status;
    const Rotating rotating(remote, "none", other);
    ZitadelClient client(options(), clock);
    const auto before = remote.count();
    EXPECT_FALSE(client.list_guest_tags("400"));
    EXPECT_EQ(remote.count(), before + 2) << status;
  }
}

TEST_F(ServiceTokenTest, AnExchangeIsMadeAgainIfItsActorWasRefused) {
  {
    const Rotating rotating(remote, "token-2", actor_invalid);
    EXPECT_TRUE(ZitadelClient(options(), clock).impersonate("400"));
    EXPECT_EQ(remote.count(), 4U);
  }
  Reply subject_invalid = actor_invalid;
  subject_invalid.body.replace(subject_invalid.body.find("actor_"), 6, "subject_");
  const Rotating rotating(remote, "token-2", subject_invalid);
  EXPECT_FALSE(ZitadelClient(options(), clock).impersonate("400"));
  EXPECT_EQ(remote.count(), 6U);
}

TEST(ServiceKeyFile, WhatIsNotOneIsRefused) {
  const auto changed = [](const char* name, const json::value& value) {
    auto file = key_file();
    file[name] = value;
    return json::serialize(file);
  };
  const auto elliptic = jose::PrivateKey::generate(jose::Algorithm::es256).to_pem();
  const auto text = json::serialize(key_file());
  for (const auto& bad :
       {std::string("{}"), std::string("[]"), std::string("-----BEGIN RSA PRIVATE KEY-----"),
        text.substr(0, text.size() / 2), text + "x", changed("type", "application"),
        changed("type", nullptr), changed("keyId", ""), changed("keyId", 7), changed("userId", ""),
        changed("userId", nullptr), changed("key", ""), changed("key", "MIIB"),
        changed("key", json::value(elliptic.reveal()))}) {
    const auto key = ServiceKey::parse(base::Secret(bad));
    ASSERT_FALSE(key) << bad;
    EXPECT_EQ(key.error().reason, "service_key_malformed");
    EXPECT_EQ(key.error().message.find("BEGIN"), std::string::npos);
  }
  EXPECT_EQ(ServiceKey::parse(written(key_file())).value().user(), "svc-1");

  base::FakeClock clock;
  const FakeZitadel remote;
  auto options = remote.options();
  options.service_token = base::Secret();
  options.service_key = base::Secret("{}");
  EXPECT_THROW(ZitadelClient(options, clock), std::invalid_argument);
}

}  // namespace
}  // namespace vestibule::remote
