#include "remote/answers.h"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <chrono>
#include <future>
#include <set>

#include "base/encoding.h"
#include "remote/conceal.h"
#include "remote/fake_zitadel_test.h"
#include "remote/zitadel_client.h"

namespace vestibule::remote {
namespace {

using Kind = CallError::Kind;
using testing::FakeZitadel;
using testing::Reply;
using namespace std::chrono_literals;

/// Every call of the interface that can fail, as a function of the client.
const std::vector<std::pair<std::string, std::function<std::optional<CallError>(ZitadelClient&)>>>&
calls() {
  const auto error_of = [](const auto& called) {
    return called ? std::nullopt : std::optional(called.error());
  };
  static const NewGuest guest{.id = "400",
                              .username = "guest-name-x",
                              .given_name = "Guest",
                              .family_name = "User",
                              .email = "placeholder@guests.test",
                              .tag = "GUEST_26_11_22"};
  static const Registration jane{.given_name = "Jane",
                                 .family_name = "Doeworthy",
                                 .email = "jane@example.com",
                                 .password = base::Secret("Pass \"word\" 1!")};
  static const base::Secret refresh("refresh-token-of-jane");
  static const std::vector<
      std::pair<std::string, std::function<std::optional<CallError>(ZitadelClient&)>>>
      all{{"CreateUser", [=](auto& c) { return error_of(c.create_guest(guest)); }},
          {"GetUserByID", [=](auto& c) { return error_of(c.find_user("400")); }},
          {"ListUserMetadata", [=](auto& c) { return error_of(c.list_guest_tags("400")); }},
          {"UpdateHumanUser", [=](auto& c) { return error_of(c.register_user("400", jane)); }},
          {"DeleteUserMetadata", [=](auto& c) { return error_of(c.delete_tag("400", "GUEST_1")); }},
          {"DeactivateUser", [=](auto& c) { return error_of(c.deactivate("400")); }},
          {"ReactivateUser", [=](auto& c) { return error_of(c.reactivate("400")); }},
          {"DeleteUser", [=](auto& c) { return error_of(c.delete_user("400")); }},
          {"token exchange", [=](auto& c) { return error_of(c.impersonate("400")); }},
          {"authorization code",
           [=](auto& c) {
             return error_of(c.redeem_code({.code = base::Secret("code-of-jane"),
                                            .code_verifier = base::Secret("verifier-of-jane")}));
           }},
          {"refresh", [=](auto& c) { return error_of(c.refresh(refresh)); }},
          {"revocation", [=](auto& c) { return error_of(c.revoke(refresh)); }},
          {"GetMyUser", [=](auto& c) { return error_of(c.whoami(base::Secret("their-token"))); }}};
  return all;
}

const std::vector<std::string> private_values{
    "guest-name-x",           "placeholder@guests.test", "Doeworthy",
    "jane@example.com",       "Pass \"word\" 1!",        "refresh-token-of-jane",
    "code-of-jane",           "verifier-of-jane",        "their-token",
    "personal-token-of-ours", "client-secret-of-ours"};

class FaultTest : public ::testing::Test {
 protected:
  base::FakeClock clock;
  FakeZitadel remote;

  ZitadelOptions options() const {
    auto options = remote.options();
    options.outgoing.total_timeout = 10s;
    options.outgoing.max_response = 2000;
    return options;
  }
  void expect_all(Kind kind, int status, const Reply& reply, const std::string& told = {}) {
    remote.answer({reply});
    ZitadelClient client(options(), clock);
    for (const auto& [name, run] : calls()) {
      const auto before = remote.count();
      const auto error = run(client);
      ASSERT_TRUE(error) << name << " " << status << " " << told;
      EXPECT_EQ(error->kind, kind) << error->detail;
      EXPECT_EQ(error->status, status) << error->detail;
      EXPECT_TRUE(error->detail.starts_with(name + ": ")) << error->detail;
      EXPECT_NE(error->detail.find(told), std::string::npos) << error->detail;
      EXPECT_EQ(remote.count(), before + 1) << name << " is not sent twice";
    }
  }
};

TEST_F(FaultTest, EveryStatusHasItsKind) {
  for (const int status : {400, 401, 402, 403, 404, 405, 406, 409, 410, 411, 412,
                           413, 414, 415, 421, 422, 423, 426, 428, 431, 451, 499}) {
    expect_all(Kind::refused, status, {.status = status, .body = "<html>no</html>"});
  }
  expect_all(Kind::unreachable, 429, {.status = 429, .body = "slow down"});
  for (const int status : {408, 500, 501, 502, 503, 504, 505, 507, 511, 520, 599, 600, 999}) {
    expect_all(Kind::unknown, status, {.status = status, .body = "<html>oops</html>"});
  }
}

TEST_F(FaultTest, ARedirectIsNotFollowedAndSaysSo) {
  for (const int status : {300, 301, 302, 303, 304, 307, 308}) {
    expect_all(Kind::unknown, status,
               {.status = status,
                .body = "",
                .fields = "Location: " + remote.issuer() + "/elsewhere?token=x\r\n"},
               "redirects are not followed");
  }
}

TEST_F(FaultTest, AnAnswerThatIsTooLargeIsUnknown) {
  expect_all(Kind::unknown, 0, {.body = "{\"x\":\"" + std::string(4000, 'x') + "\"}"}, "too_large");
}

TEST_F(FaultTest, AnAnswerThatIsCutIsUnknown) {
  for (const auto* const bytes :
       {"", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{", "nonsense\r\n\r\n"}) {
    expect_all(Kind::unknown, 0, {.raw = bytes}, "protocol");
  }
}

TEST_F(FaultTest, AnAnswerThatDoesNotComeIsUnknown) {
  std::promise<void> release;
  remote.answer_with([released = release.get_future().share()](const testing::Received&) {
    released.wait();
    return Reply{};
  });
  auto hasty = options();
  hasty.outgoing.total_timeout = 150ms;
  ZitadelClient client(hasty, clock);
  for (const auto& [name, run] : calls()) {
    const auto error = run(client);
    ASSERT_TRUE(error) << name;
    EXPECT_EQ(error->kind, Kind::unknown) << error->detail;
    EXPECT_EQ(error->status, 0);
    EXPECT_NE(error->detail.find("timeout"), std::string::npos) << error->detail;
  }
  release.set_value();
}

TEST_F(FaultTest, WhereNobodyAnswersNothingHasHappened) {
  auto gone = options();
  {
    const FakeZitadel other;
    gone.issuer = other.issuer();
  }
  auto refused = options();
  refused.outgoing.allowed.clear();
  auto unresolved = options();
  unresolved.issuer = "http://zitadel.invalid";
  http::testing::ScriptedUpstream plain([](http::testing::RawSocket& socket, int) {
    socket.read_exactly(1);
    socket.send("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  auto insecure = options();
  insecure.issuer = "https://127.0.0.1:" + std::to_string(plain.port());
  auto malformed = options();
  malformed.issuer = "no url";
  for (const auto& bad : {gone, refused, unresolved, insecure, malformed}) {
    ZitadelClient client(bad, clock);
    for (const auto& [name, run] : calls()) {
      const auto error = run(client);
      ASSERT_TRUE(error) << name;
      EXPECT_EQ(error->kind, Kind::unreachable) << error->detail;
      EXPECT_EQ(error->detail.find('?'), std::string::npos) << error->detail;
    }
  }
}

TEST_F(FaultTest, ASuccessThatIsNotOneIsUnknown) {
  for (const auto* const body :
       {"", "ok", "<html></html>", "[]", "null", "{\"a\":", "{} {}", "\xff\xfe"}) {
    remote.answer({{.body = body}});
    ZitadelClient client(options(), clock);
    for (const auto& [name, run] : calls()) {
      if (name == "revocation") continue;  // RFC 7009 2.2: any 200 will do
      const auto error = run(client);
      ASSERT_TRUE(error) << name << ": " << body;
      EXPECT_EQ(error->kind, Kind::unknown) << error->detail;
      EXPECT_EQ(error->status, 200);
    }
  }
}

/// Whether a request carried a value, however it was spelled.
bool carries(const testing::Received& request, const std::string& value) {
  const auto quoted = boost::json::serialize(boost::json::string(value));
  const auto has = [&](std::string_view part) {
    return request.body.find(part) != std::string::npos;
  };
  return has(value) || has(base::percent_encode(value)) ||
         has(quoted.substr(1, quoted.size() - 2)) ||
         request.headers.find("Authorization") == "Bearer " + value;
}

TEST_F(FaultTest, NothingPrivateIsRepeated) {
  ZitadelClient client(options(), clock);
  std::set<std::string> seen;
  for (const auto& value : private_values) {
    const boost::json::string message("no such '" + value + "' here");
    const auto body = R"({"code":3,"error":"about_)" + std::string(1, value[0]) + R"( )" +
                      R"(","message":)" + boost::json::serialize(message) + "}";
    for (const int status : {400, 500}) {
      remote.answer({{.status = status, .body = body}});
      for (const auto& [name, run] : calls()) {
        const auto error = run(client);
        ASSERT_TRUE(error) << name;
        EXPECT_EQ(error->code, "") << "only words are codes";
        if (!carries(remote.last(), value)) continue;
        seen.insert(value);
        EXPECT_EQ(error->detail,
                  name + ": " + std::to_string(status) + ": no such '[hidden]' here");
      }
    }
  }
  EXPECT_EQ(seen.size(), private_values.size()) << "each is sent by some call";
}

TEST(Envelope, CodesOfAllThreeProtocols) {
  FakeZitadel remote;
  const http::OutgoingClient client(remote.options().outgoing);
  const auto code_of = [&](const std::string& body) {
    remote.answer({{.status = 400, .body = body}});
    const auto answer =
        ask(client, {.call = "x"}, {.url = remote.issuer(), .headers = {}, .body = {}});
    return answer.error().error.code;
  };
  EXPECT_EQ(code_of(R"({"code":"invalid_argument","message":"m"})"), "invalid_argument");
  EXPECT_EQ(code_of(R"({"code":3,"message":"m"})"), "invalid_argument");
  EXPECT_EQ(code_of(R"({"code":16,"message":"m"})"), "unauthenticated");
  EXPECT_EQ(code_of(R"({"error":"invalid_grant","error_description":"m"})"), "invalid_grant");
  for (const auto* const none :
       {R"({"code":0})", R"({"code":17})", R"({"code":-1})", R"({"code":3.5})", R"({"code":null})",
        R"({"code":[3]})", R"({"code":"Not A Code"})", R"({"error":5})", R"({"message":"m"})",
        R"(["code",3])", "code 3", ""}) {
    EXPECT_EQ(code_of(none), "") << none;
  }
  EXPECT_EQ(code_of(R"({"code":")" + std::string(65, 'a') + R"("})"), "");
}

TEST(Envelope, TheIdIsWhatStandsInBracketsAtTheEnd) {
  FakeZitadel remote;
  const http::OutgoingClient client(remote.options().outgoing);
  const auto id_of = [&](const std::string& message) {
    remote.answer({{.status = 400, .body = R"({"code":3,"message":")" + message + R"("})"}});
    return ask(client, {.call = "x"}, {.url = remote.issuer(), .headers = {}, .body = {}})
        .error()
        .id;
  };
  EXPECT_EQ(id_of("User already exists (V3-DKcYh)"), "V3-DKcYh");
  EXPECT_EQ(id_of("Metadata (a b) twice (USERv2-j0z7uy)"), "USERv2-j0z7uy");
  for (const auto* const none :
       {"", ")", "()", " ()", "x (a b)", "x (-a)", "x (a-)", "x (a-b-c)", "x (a)", "x (a-b) y",
        "x(a-b)", "x (jane@example-mail)", "x (Parent=(a-b))"}) {
    EXPECT_EQ(id_of(none), "") << none;
  }
}

TEST(Conceal, KeepsWhatAnOperatorNeeds) {
  EXPECT_EQ(conceal("scope \"offline_access\" not found in subject or actor token", {}),
            "scope \"offline_access\" not found in subject or actor token");
  EXPECT_EQ(conceal("Password must contain symbol", {}), "Password must contain symbol");
}

TEST(Conceal, HidesEverySpelling) {
  const std::vector<std::string_view> hidden{"Tok en\"1", "ab"};
  EXPECT_EQ(conceal("<tok EN\"1> <Tok en\\\"1> <Tok%20en%221> <AB>", hidden),
            "<[hidden]> <[hidden]> <[hidden]> <[hidden]>");
  EXPECT_EQ(conceal("mail: jane@example.com, jane%40example.com x", {}),
            "mail: [hidden] [hidden] x");
  EXPECT_EQ(conceal("token=eyJhbGciOiJub25lIn0.e30. refused", {}), "[hidden] refused");
  EXPECT_EQ(conceal("abba", std::vector<std::string_view>{"ab", "abba"}), "[hidden]");
  EXPECT_EQ(conceal("empty", std::vector<std::string_view>{""}), "empty");
}

TEST(Conceal, CannotForgeALineOrFloodTheLog) {
  EXPECT_EQ(conceal("a\r\nb\x1b[0m\x7f", {}), "a  b [0m ");
  EXPECT_EQ(conceal(std::string(5000, 'x'), {}), "[too long]");
  EXPECT_EQ(conceal(std::string(201, 'x'), {}).size(), 200U);
  EXPECT_EQ(conceal(std::string(199, 'x') + "\xc3\xa9", {}), std::string(199, 'x'));
}

}  // namespace
}  // namespace vestibule::remote
