#include "remote/zitadel_client.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "remote/fake_zitadel_test.h"

// The bodies of the answers are those of a real ZITADEL.
namespace vestibule::remote {
namespace {

using Kind = CallError::Kind;
using testing::FakeZitadel;
using testing::Reply;

constexpr const char* guest_json = R"({"details":{"sequence":"2",
 "changeDate":"2026-11-22T15:02:34.503612Z","resourceOwner":"org-1",
 "creationDate":"2026-11-22T15:02:34.503612Z"},"user":{"userId":"400","details":{"sequence":"2",
 "changeDate":"2026-11-22T15:02:34.503612Z","resourceOwner":"org-1",
 "creationDate":"2026-11-22T15:02:34.503612Z"},"state":"USER_STATE_ACTIVE",
 "username":"guest_1@temp.local","loginNames":["guest_1@temp.local"],
 "preferredLoginName":"guest_1@temp.local","human":{"profile":{"givenName":"Guest",
 "familyName":"User","nickName":"","displayName":"Guest User","preferredLanguage":"und",
 "gender":"GENDER_UNSPECIFIED"},"email":{"email":"guest_1@temp.local","isVerified":true},
 "phone":{}}}})";
constexpr const char* changed_json = R"({"details":{"sequence":"9",
 "changeDate":"2026-11-22T15:04:01.157678Z","resourceOwner":"org-1"}})";

Reply refusal(int status, int code, const std::string& message) {
  return {.status = status,
          .body = R"({"code":)" + std::to_string(code) + R"(,"message":")" + message + R"("})"};
}

/// A change of one character or more in a body that was understood.
std::string with(std::string body, const std::string& what, const std::string& instead) {
  return body.replace(body.find(what), what.size(), instead);
}

class ZitadelClientTest : public ::testing::Test {
 protected:
  base::FakeClock clock;
  FakeZitadel remote;
  ZitadelClient client{remote.options(), clock};
  const NewGuest guest{.id = "400",
                       .username = "guest_1@temp.local",
                       .given_name = "Guest",
                       .family_name = "User",
                       .email = "guest_1@temp.local",
                       .tag = "GUEST_26_11_22"};
  const Registration jane{.given_name = "Jane",
                          .family_name = "Doe",
                          .email = "jane@example.com",
                          .password = base::Secret("Password1!")};

  void expect_request(const std::string& method, const std::string& target,
                      const std::string& body) const {
    const auto request = remote.last();
    EXPECT_EQ(request.method, method);
    EXPECT_EQ(request.target, target);
    EXPECT_EQ(request.body, body);
    EXPECT_EQ(request.headers.find("Authorization"), "Bearer personal-token-of-ours");
    EXPECT_EQ(request.headers.find("Accept"), "application/json");
    EXPECT_EQ(request.headers.find("Content-Type"),
              body.empty() ? std::nullopt : std::optional<std::string_view>("application/json"));
  }
};

TEST_F(ZitadelClientTest, CreatesAGuestUnderTheIdThatWasChosen) {
  remote.answer({{.body = R"({"id":"400","creationDate":"2026-11-22T15:02:34.768744Z"})"}});
  EXPECT_TRUE(client.create_guest(guest));
  expect_request("POST", "/zitadel.user.v2.UserService/CreateUser",
                 R"({"organizationId":"org-1","userId":"400","username":"guest_1@temp.local",)"
                 R"("human":{"profile":{"givenName":"Guest","familyName":"User"},)"
                 R"("email":{"email":"guest_1@temp.local","isVerified":true},)"
                 R"("metadata":[{"key":"GUEST_26_11_22","value":"Y3JlYXRlZA=="}]}})");
}

TEST_F(ZitadelClientTest, ATakenIdIsToldApart) {
  remote.answer({{.status = 409, .body = R"~({"code":"already_exists",
                    "message":"User already exists (V3-DKcYh)","details":[
                    {"type":"zitadel.v1.ErrorDetail","value":"x"}]})~"}});
  const auto created = client.create_guest(guest);
  ASSERT_FALSE(created);
  EXPECT_TRUE(created.error().is("already_exists"));
  EXPECT_EQ(created.error().status, 409);
  EXPECT_EQ(created.error().detail,
            "CreateUser: 409 already_exists (V3-DKcYh): User already exists");
  remote.answer({{.status = 400, .body = R"~({"code":"failed_precondition",
                    "message":"Errors.User.AlreadyExisting (COMMAND-7yiox1isql)"})~"}});
  EXPECT_TRUE(client.create_guest(guest).error().is("already_exists"));
}

TEST_F(ZitadelClientTest, AnotherIdThanTheChosenOneIsNotBelieved) {
  for (const auto* const body : {R"({"id":"401"})", R"({"id":400})", "{}", "[]", "", "400"}) {
    remote.answer({{.body = body}});
    const auto created = client.create_guest(guest);
    ASSERT_FALSE(created) << body;
    EXPECT_EQ(created.error().kind, Kind::unknown) << body;
  }
}

TEST_F(ZitadelClientTest, FindsAGuest) {
  remote.answer({{.body = guest_json}});
  const auto user = client.find_user("400");
  ASSERT_TRUE(user) << user.error().detail;
  expect_request("GET", "/v2/users/400", "");
  EXPECT_EQ(user->id, "400");
  EXPECT_EQ(user->organization, "org-1");
  EXPECT_EQ(user->state, RemoteState::active);
  EXPECT_EQ(user->username, "guest_1@temp.local");
  EXPECT_EQ(user->given_name, "Guest");
  EXPECT_EQ(user->family_name, "User");
  EXPECT_EQ(user->email, "guest_1@temp.local");
  EXPECT_TRUE(user->email_verified);
  EXPECT_FALSE(user->has_password);
  EXPECT_EQ(base::to_rfc3339(user->changed_at.value()), "2026-11-22T15:02:34.503Z");
}

TEST_F(ZitadelClientTest, SeesThatSomebodyHasRegistered) {
  auto body =
      with(guest_json, R"("phone":{})", R"("phone":{},"passwordChanged":"2026-11-22T15:04:03Z")");
  remote.answer({{.body = with(body, R"(,"isVerified":true)", "")}});
  const auto user = client.find_user("400");
  ASSERT_TRUE(user);
  EXPECT_TRUE(user->has_password);
  EXPECT_FALSE(user->email_verified);
}

TEST_F(ZitadelClientTest, ReadsEveryState) {
  const std::vector<std::pair<std::string, RemoteState>> states{
      {"USER_STATE_INACTIVE", RemoteState::inactive},
      {"USER_STATE_LOCKED", RemoteState::locked},
      {"USER_STATE_INITIAL", RemoteState::other},
      {"USER_STATE_OF_2040", RemoteState::other},
      {"", RemoteState::other}};
  for (const auto& [name, state] : states) {
    remote.answer({{.body = with(guest_json, "USER_STATE_ACTIVE", name)}});
    const auto user = client.find_user("400");
    ASSERT_TRUE(user) << name;
    EXPECT_EQ(user->state, state) << name;
  }
}

TEST_F(ZitadelClientTest, AUserOfAnotherShapeIsNotUnderstood) {
  const std::string good = guest_json;
  for (const auto& body : {std::string("{}"), std::string("null"), good.substr(0, good.size() / 2),
                           good + "x", with(good, R"("userId":"400")", R"("userId":"401")"),
                           with(good, R"("userId":"400")", R"("userId":400)"),
                           with(good, R"("isVerified":true)", R"("isVerified":"yes")"),
                           with(good, R"("state":"USER_STATE_ACTIVE")", R"("state":1)"),
                           with(good, R"("human":{)", R"("human":[],"x":{)"),
                           with(good, R"("user":{"userId":"400","details":{"sequence":"2",
 "changeDate":"2026-11-22T15:02:34.503612Z")",
                                R"("user":{"userId":"400","details":{"changeDate":"yesterday")")}) {
    remote.answer({{.body = body}});
    const auto user = client.find_user("400");
    ASSERT_FALSE(user) << body;
    EXPECT_EQ(user.error().kind, Kind::unknown) << body;
    EXPECT_EQ(user.error().detail, "GetUserByID: 200: the answer was not understood");
  }
}

TEST_F(ZitadelClientTest, OnlyZitadelSaysThatThereIsNoSuchUser) {
  remote.answer({refusal(404, 5, "User could not be found (QUERY-Dfbg2)")});
  EXPECT_TRUE(client.find_user("400").error().is("not_found"));

  // A role that was taken away, a host that it does not know, and whoever stands before it.
  remote.answer({refusal(404, 5, "membership not found (AUTHZ-cdgFk)")});
  EXPECT_TRUE(client.find_user("400").error().is("permission_denied"));
  const std::vector<Reply> others{
      refusal(404, 5,
              "unable to set instance using origin &{id.test  https} (ExternalDomain is "
              "localhost): ID=QUERY-1kIjX Message=Instance not found. Parent=(no rows)"),
      {.status = 404, .body = "404 page not found\n"},
      {.status = 404, .body = R"({"error":"no route"})"},
      {.status = 404, .body = R"({"code":404,"message":"Not Found"})"},
      {.status = 404, .body = ""}};
  for (const auto& reply : others) {
    remote.answer({reply});
    const auto user = client.find_user("400");
    ASSERT_FALSE(user);
    EXPECT_EQ(user.error().kind, Kind::refused);
    EXPECT_EQ(user.error().code, "") << reply.body;
    EXPECT_FALSE(client.delete_user("400")) << reply.body;
    EXPECT_FALSE(client.delete_tag("400", guest.tag)) << reply.body;
  }
}

TEST_F(ZitadelClientTest, AnIdCannotLeadElsewhere) {
  remote.answer({refusal(404, 5, "User could not be found (QUERY-Dfbg2)")});
  EXPECT_FALSE(client.find_user("../../admin/v1?x=1#y"));
  EXPECT_EQ(remote.last().target, "/v2/users/..%2F..%2Fadmin%2Fv1%3Fx%3D1%23y");
  std::ignore = client.delete_tag("4/5", "GUEST_26_11_22&keys=other");
  EXPECT_EQ(remote.last().target, "/v2/users/4%2F5/metadata?keys=GUEST_26_11_22%26keys%3Dother");
}

TEST_F(ZitadelClientTest, ListsTheTagsOfAGuest) {
  remote.answer({{.body = R"({"pagination":{"totalResult":"2","appliedLimit":"100"},"metadata":[
      {"creationDate":"2026-11-22T15:04:00.974578Z","key":"GUEST_26_11_22","value":"Y3JlYXRlZA=="},
      {"key":"theme","value":"ZGFyaw=="}]})"}});
  const auto tags = client.list_guest_tags("400");
  ASSERT_TRUE(tags);
  EXPECT_EQ(*tags, std::vector<std::string>{"GUEST_26_11_22"});
  expect_request("POST", "/v2/users/400/metadata/search",
                 R"({"filters":[{"keyFilter":{"key":"GUEST_",)"
                 R"("method":"TEXT_FILTER_METHOD_STARTS_WITH"}}]})");

  remote.answer({{.body = R"({"pagination":{"appliedLimit":"100"}})"}});
  EXPECT_TRUE(client.list_guest_tags("400").value().empty());
}

TEST_F(ZitadelClientTest, TagsThatCannotBeReadAreNotAbsentTags) {
  for (const auto* const body :
       {"", "{}", "[]", R"({"metadata":[]})", R"({"pagination":{},"metadata":{}})",
        R"({"pagination":{},"metadata":"none"})", R"({"pagination":{},"metadata":["GUEST_1"]})",
        R"({"pagination":{},"metadata":[{"key":5}]})",
        R"({"pagination":{},"metadata":[{"key":"GUEST_1"}])"}) {
    remote.answer({{.body = body}});
    const auto tags = client.list_guest_tags("400");
    ASSERT_FALSE(tags) << body;
    EXPECT_EQ(tags.error().kind, Kind::unknown) << body;
  }
}

TEST_F(ZitadelClientTest, RegistersInOneCallAndLeavesTheMailToTheRemote) {
  remote.answer({{.body = changed_json}});
  EXPECT_TRUE(client.register_user("400", jane));
  expect_request("PUT", "/v2/users/human/400",
                 R"({"profile":{"givenName":"Jane","familyName":"Doe","displayName":"Jane Doe"},)"
                 R"("email":{"email":"jane@example.com","sendCode":{}},)"
                 R"("password":{"password":{"password":"Password1!","changeRequired":false}}})");
}

TEST_F(ZitadelClientTest, AnAnswerThatTellsOfNoChangeIsNone) {
  for (const auto* const body :
       {"", "{}", "[]", R"({"details":{}})", R"({"details":7})", R"({"details":{"changeDate":5}})",
        R"({"details":{"changeDate":"yesterday"}})", R"({"deletionDate":true})"}) {
    remote.answer({{.body = body}});
    for (const auto& told :
         {client.register_user("400", jane), client.delete_tag("400", guest.tag),
          client.deactivate("400"), client.reactivate("400"), client.delete_user("400")}) {
      ASSERT_FALSE(told) << body;
      EXPECT_EQ(told.error().kind, Kind::unknown) << body;
    }
  }
}

TEST_F(ZitadelClientTest, ALongNameIsNotShownAtTooGreatLength) {
  remote.answer({{.body = changed_json}});
  auto longer = jane;
  longer.given_name = std::string(150, 'a');
  longer.family_name = std::string(150, 'b');
  EXPECT_TRUE(client.register_user("400", longer));
  EXPECT_NE(remote.last().body.find(R"("displayName":")" + longer.given_name + R"("})"),
            std::string::npos);
}

TEST_F(ZitadelClientTest, APasswordThatThePolicyRefuses) {
  remote.answer({refusal(400, 3, "Password must contain symbol (DOMAIN-ZDLwA)")});
  const auto registered = client.register_user("400", jane);
  ASSERT_FALSE(registered);
  EXPECT_TRUE(registered.error().is("invalid_argument"));
  EXPECT_EQ(registered.error().detail,
            "UpdateHumanUser: 400 invalid_argument (DOMAIN-ZDLwA): Password must contain symbol");
}

TEST_F(ZitadelClientTest, ATagThatIsGoneIsNoError) {
  remote.answer({{.body = R"({"deletionDate":"2026-11-22T15:04:03.277004Z"})"}});
  EXPECT_TRUE(client.delete_tag("400", guest.tag));
  expect_request("DELETE", "/v2/users/400/metadata?keys=GUEST_26_11_22", "");
  remote.answer({refusal(404, 5, "One or more keys do not exist (META-2nnds)")});
  EXPECT_TRUE(client.delete_tag("400", guest.tag));
  remote.answer({refusal(404, 5, "membership not found (AUTHZ-cdgFk)")});
  EXPECT_FALSE(client.delete_tag("400", guest.tag));
  remote.answer({refusal(400, 9, "Metadata list is empty (META-9mm2d)")});
  EXPECT_TRUE(client.delete_tag("400", guest.tag).error().is("failed_precondition"));
}

TEST_F(ZitadelClientTest, AStateThatIsReachedAlreadyIsNoError) {
  remote.answer({{.body = changed_json}});
  EXPECT_TRUE(client.deactivate("400"));
  expect_request("POST", "/v2/users/400/deactivate", "{}");
  EXPECT_TRUE(client.reactivate("400"));
  expect_request("POST", "/v2/users/400/reactivate", "{}");

  const auto inactive = refusal(400, 9, "User already inactive (COMMAND-5gunjw0cd7)");
  const auto active = refusal(400, 9, "User is not inactive (COMMAND-s5qqcz97hf)");
  remote.answer({inactive});
  EXPECT_TRUE(client.deactivate("400"));
  EXPECT_FALSE(client.reactivate("400"));
  remote.answer({active});
  EXPECT_TRUE(client.reactivate("400"));
  EXPECT_FALSE(client.deactivate("400"));
}

TEST_F(ZitadelClientTest, AStateThatCannotBeReachedIsAnError) {
  remote.answer({refusal(400, 9,
                         "User with state initial can only be deleted not deactivated "
                         "(COMMAND-gvx4kct9r2)")});
  EXPECT_TRUE(client.deactivate("400").error().is("failed_precondition"));
  remote.answer({refusal(404, 5, "User could not be found (COMMAND-5gp2p62iin)")});
  EXPECT_TRUE(client.deactivate("400").error().is("not_found"));
  // The id counts, not its mention.
  remote.answer({refusal(400, 9, "COMMAND-5gunjw0cd7 (COMMAND-gvx4kct9r2)")});
  EXPECT_FALSE(client.deactivate("400"));
}

TEST_F(ZitadelClientTest, AUserThatIsGoneIsNoErrorToDelete) {
  remote.answer({{.body = changed_json}});
  EXPECT_TRUE(client.delete_user("400"));
  expect_request("DELETE", "/v2/users/400", "");
  remote.answer({refusal(404, 5, "User could not be found (COMMAND-bd4ir1mblj)")});
  EXPECT_TRUE(client.delete_user("400"));
  remote.answer({refusal(404, 5, "membership not found (AUTHZ-cdgFk)")});
  const auto deleted = client.delete_user("400");
  ASSERT_FALSE(deleted) << "a service account without its role deletes nobody";
  EXPECT_TRUE(deleted.error().is("permission_denied"));
}

TEST_F(ZitadelClientTest, KnowsWhoBringsAToken) {
  remote.answer({{.body = R"({"user":{"id":"77","state":"USER_STATE_ACTIVE","userName":"svc",
      "machine":{"name":"svc"}}})"}});
  EXPECT_EQ(client.whoami(base::Secret("their-token")).value(), "77");
  const auto request = remote.last();
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/auth/v1/users/me");
  EXPECT_EQ(request.headers.find("Authorization"), "Bearer their-token");
}

TEST_F(ZitadelClientTest, ATokenThatIsGoodForNobody) {
  remote.answer({refusal(401, 16, "Errors.Token.Invalid (AUTH-7fs1e)")});
  EXPECT_TRUE(client.whoami(base::Secret("their-token")).error().is("unauthenticated"));
  remote.answer({refusal(403, 7, "Errors.TokenExchange.Token.NotForAPI (APP-Shi0J)")});
  EXPECT_TRUE(client.whoami(base::Secret("guest-token")).error().is("permission_denied"));
  for (const auto* const body : {"{}", R"({"user":{}})", R"({"user":{"id":7}})", "null"}) {
    remote.answer({{.body = body}});
    EXPECT_FALSE(client.whoami(base::Secret("their-token"))) << body;
  }
}

TEST_F(ZitadelClientTest, WhatCannotBeATokenIsNotSent) {
  for (const auto* const bad : {"", "a\r\nX-Evil: 1", "a\nb", "a\x01z"}) {
    const auto caller = client.whoami(base::Secret(bad));
    ASSERT_FALSE(caller);
    EXPECT_TRUE(caller.error().is("unauthenticated"));
  }
  EXPECT_EQ(remote.count(), 0U);
}

TEST_F(ZitadelClientTest, APersonalTokenThatWasRevokedIsTriedOnce) {
  remote.answer({refusal(401, 16, "Errors.Token.Invalid (AUTH-7fs1e)")});
  const auto user = client.find_user("400");
  ASSERT_FALSE(user);
  EXPECT_TRUE(user.error().is("unauthenticated"));
  EXPECT_EQ(remote.count(), 1U);
  EXPECT_EQ(client.longest_call(), remote.options().outgoing.total_timeout);
}

TEST(ZitadelClientOptions, AnIssuerMayEndInASlash) {
  base::FakeClock clock;
  FakeZitadel remote({{.body = guest_json}});
  auto options = remote.options();
  options.issuer += "/";
  EXPECT_TRUE(ZitadelClient(options, clock).find_user("400"));
  EXPECT_EQ(remote.last().target, "/v2/users/400");
}

TEST(ZitadelClientOptions, AServiceAccountNeedsATokenOrAKey) {
  base::FakeClock clock;
  const FakeZitadel remote;
  for (const auto* const bad : {"", " \n", "a\nb"}) {
    auto options = remote.options();
    options.service_token = base::Secret(bad);
    EXPECT_THROW(ZitadelClient(options, clock), std::invalid_argument) << bad;
  }
  auto options = remote.options();
  options.service_token = base::Secret("token-from-a-file\n");
  EXPECT_NO_THROW(ZitadelClient(options, clock));
}

}  // namespace
}  // namespace vestibule::remote
