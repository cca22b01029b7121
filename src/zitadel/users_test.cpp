#include "zitadel/test_support.h"

namespace vestibule::zitadel {
namespace {

using UsersTest = ZitadelTest;

TEST_F(UsersTest, ATaggedUserIsAGuestWithItsDayAndItsTag) {
  const auto id = add_guest();
  const auto user = find(id).value();
  ASSERT_TRUE(user.is_guest());
  EXPECT_EQ(user.guest_day->tag(), "GUEST_26_11_22");
  EXPECT_EQ(user.email_state, accounts::EmailState::asserted);
  EXPECT_EQ(told(), std::vector<std::string>{"guest.provisioned"});
  EXPECT_EQ(audit(id), std::vector<std::string>{"guest.provisioned"});
  const auto search = rest("POST", "/v2/users/" + id + "/metadata/search", service_token, "{}");
  EXPECT_EQ(search.at("/metadata/0/key"), "GUEST_26_11_22");
  EXPECT_EQ(search.at("/metadata/0/value"), "Y3JlYXRlZA==");
}

TEST_F(UsersTest, TheServiceAccountCreatesGuestsOfItsOrganizationOnly) {
  EXPECT_EQ(rpc("CreateUser", service_token, human("a@x.local")).status, 403);
  auto foreign = tagged("b@x.local");
  foreign.replace(foreign.find("\"1\""), 3, "\"2\"");
  EXPECT_EQ(rpc("CreateUser", service_token, foreign).status, 403);
  const auto machine = R"({"organizationId":"1","username":"m","machine":{"name":"m"}})";
  EXPECT_EQ(rpc("CreateUser", service_token, machine).status, 403);
  EXPECT_EQ(rpc("CreateUser", administrator_token, machine).status, 200);
  EXPECT_EQ(rpc("CreateUser", roleless_token, human("c@x.local")).status, 404);
  EXPECT_EQ(rpc("CreateUser", administrator_token, human("d@x.local")).status, 200);
}

TEST_F(UsersTest, ATagIsOneRealDay) {
  for (const std::string key : {"GUEST_", "GUEST_26_13_01", "GUEST_26_02_30", "GUEST_26_1_1"}) {
    const auto body =
        human("t@x.local", R"(,"metadata":[{"key":")" + key + R"(","value":"dg=="}])");
    EXPECT_EQ(rpc("CreateUser", administrator_token, body).at("/code"), "invalid_argument") << key;
  }
  const auto two = human("t@x.local", R"(,"metadata":[{"key":"GUEST_26_11_22","value":"dg=="},)"
                                      R"({"key":"GUEST_26_11_23","value":"dg=="}])");
  EXPECT_EQ(rpc("CreateUser", administrator_token, two).status, 400);
  auto secret = tagged("t@x.local");
  secret.insert(secret.find("\"email\":{"), R"("password":{"password":"Password1!"},)");
  EXPECT_EQ(rpc("CreateUser", administrator_token, secret).status, 400);
}

TEST_F(UsersTest, NobodyTagsAnExistingUser) {
  const auto id = add_guest();
  for (const auto& token : {service_token, administrator_token}) {
    const auto body = R"({"metadata":[{"key":"GUEST_26_11_22","value":"dg=="}]})";
    EXPECT_EQ(rest("POST", "/v2/users/" + id + "/metadata", token, body).status, 400);
    EXPECT_EQ(rest("POST", "/v2/users/102/metadata", administrator_token, body).status, 400);
  }
  const auto plain = R"({"metadata":[{"key":"k","value":"dg=="}]})";
  EXPECT_EQ(rest("POST", "/v2/users/" + id + "/metadata", service_token, plain).status, 200);
  EXPECT_FALSE(find("102")->is_guest());
}

TEST_F(UsersTest, NamesAreUniqueWithoutRegardToCaseAndAddressesAreNot) {
  add_guest("a@temp.local");
  const auto again = rpc("CreateUser", service_token, tagged("A@TEMP.local"));
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.at("/message"), "User already exists (V3-DKcYh)");
  auto other = tagged("a@temp.local");
  other.replace(other.find("a@temp.local"), 12, "other");
  EXPECT_EQ(rpc("CreateUser", service_token, other).status, 200);
}

TEST_F(UsersTest, AChosenIdIsNeverIssuedTwice) {
  const auto body = human("own@x.local", R"(,"userId":"own-id")");
  EXPECT_EQ(rpc("CreateUser", administrator_token, body).at("/id"), "own-id");
  const auto taken =
      rpc("CreateUser", administrator_token, human("x@x.local", R"(,"userId":"own-id")"));
  EXPECT_EQ(taken.at("/message"), "Errors.User.AlreadyExisting (COMMAND-7yiox1isql)");
  EXPECT_EQ(taken.at("/code"), "failed_precondition");
  EXPECT_EQ(rest("DELETE", "/v2/users/own-id", administrator_token).status, 200);
  EXPECT_EQ(rpc("CreateUser", administrator_token, body).at("/code"), "already_exists");
  const auto id = add_guest("z@x.local");
  EXPECT_EQ(rest("DELETE", "/v2/users/" + id, service_token).status, 200);
  const auto reused = human("y@x.local", R"(,"userId":")" + id + "\"");
  EXPECT_EQ(rpc("CreateUser", administrator_token, reused).status, 409);
}

TEST_F(UsersTest, TheFirstPasswordMakesAnAccountAndTheTagStaysReadable) {
  const auto id = add_guest();
  const auto session = sign_in(find(id)->id);
  clock.advance(std::chrono::seconds(1));
  const auto set = rpc("SetPassword", service_token, password(id));
  ASSERT_EQ(set.status, 200);
  const auto user = find(id).value();
  EXPECT_FALSE(user.is_guest());
  EXPECT_EQ(user.upgraded_by, service.id);
  EXPECT_FALSE(
      read([&](store::Transaction& tx) { return sessions.find(tx, session, now()).has_value(); }));
  EXPECT_EQ(told(), (std::vector<std::string>{"guest.provisioned", "guest.upgraded"}));
  const auto search = rest("POST", "/v2/users/" + id + "/metadata/search", service_token, "{}");
  EXPECT_EQ(search.at("/metadata/0/key"), "GUEST_26_11_22");
  EXPECT_EQ(
      rest("DELETE", "/v2/users/" + id + "/metadata", service_token, {}, "keys=GUEST_26_11_22")
          .status,
      200);
}

TEST_F(UsersTest, OnlyAnotherAddressOrACredentialUpgrades) {
  const auto id = add_guest("g@temp.local");
  const auto put = [&](const std::string& body) {
    return rest("PUT", "/v2/users/human/" + id, service_token, body);
  };
  EXPECT_EQ(
      put(R"({"username":"new-name","profile":{"givenName":"Jane","familyName":"Doe"}})").status,
      200);
  EXPECT_EQ(put(R"({"email":{"email":"G@temp.local","isVerified":true}})").status, 200);
  EXPECT_TRUE(find(id)->is_guest());
  EXPECT_EQ(put(R"({"email":{"email":"jane@example.com","isVerified":true}})").status, 200);
  EXPECT_FALSE(find(id)->is_guest());
  EXPECT_EQ(told().back(), "guest.upgraded");
}

TEST_F(UsersTest, TheSameValuesAgainWriteNothing) {
  const auto id = add_guest();
  const std::string body =
      R"({"username":"j","profile":{"givenName":"Jane","familyName":"Doe","displayName":"Jane Doe"},)"
      R"("email":{"email":"j@example.com","isVerified":true}})";
  const auto first = rest("PUT", "/v2/users/human/" + id, service_token, body);
  clock.advance(std::chrono::seconds(5));
  const auto second = rest("PUT", "/v2/users/human/" + id, service_token, body);
  EXPECT_EQ(first.body, second.body);
  EXPECT_EQ(told().size(), 2U);
}

TEST_F(UsersTest, AServiceAccountFinishesItsOwnUpgradeForTenMinutes) {
  const auto id = add_guest();
  ASSERT_EQ(rpc("SetPassword", service_token, password(id)).status, 200);
  clock.advance(finishing_time - base::Milliseconds(1));
  EXPECT_EQ(rest("GET", "/v2/users/" + id, service_token).status, 200);
  EXPECT_EQ(rpc("SetPassword", service_token, password(id, "Password2!")).status, 200);
  EXPECT_EQ(rest("DELETE", "/v2/users/" + id, service_token).status, 403);
  clock.advance(base::Milliseconds(1));
  EXPECT_EQ(rest("GET", "/v2/users/" + id, service_token).status, 403);
  EXPECT_EQ(rpc("SetPassword", service_token, password(id)).status, 403);
  EXPECT_EQ(
      rest("DELETE", "/v2/users/" + id + "/metadata", service_token, {}, "keys=GUEST_26_11_22")
          .status,
      403);
  // Setting the password again did not begin another ten minutes.
  EXPECT_EQ(rest("DELETE", "/v2/users/" + id, administrator_token).status, 200);
}

TEST_F(UsersTest, AServiceAccountDoesNothingToOthers) {
  for (const std::string other : {"102", "103", "105"}) {
    EXPECT_EQ(rest("GET", "/v2/users/" + other, service_token).status, 403);
    EXPECT_EQ(rest("PUT", "/v2/users/human/" + other, service_token, "{}").status, 403);
    EXPECT_EQ(rpc("SetPassword", service_token, password(other)).status, 403);
    EXPECT_EQ(rest("DELETE", "/v2/users/" + other, service_token).status, 403);
    EXPECT_EQ(rest("POST", "/v2/users/" + other + "/lock", service_token, "{}").status, 403);
    const auto search =
        rest("POST", "/v2/users/" + other + "/metadata/search", service_token, "{}");
    EXPECT_EQ(json::serialize(search.body), R"({"pagination":{"appliedLimit":"100"}})");
  }
  EXPECT_EQ(rest("GET", "/v2/users/102", service_token).at("/message"),
            "No matching permissions found (VST-Reg01)");
  EXPECT_EQ(rest("GET", "/v2/users/999", service_token).at("/details/0/id"), "QUERY-Dfbg2");
  EXPECT_EQ(rest("GET", "/v2/users/102", roleless_token).at("/details/0/id"), "AUTHZ-cdgFk");
  EXPECT_EQ(rest("PUT", "/v2/policies/security", service_token, "{}").status, 403);
}

TEST_F(UsersTest, AUserBeingMergedIsNotChanged) {
  const auto id = add_guest();
  const auto source = find(id)->id;
  write([&](store::Transaction& tx) {
    static const store::Statement mark{"test.merge", "update users set merge_id = 5 where id = $1"};
    tx.execute(mark, source);
  });
  EXPECT_EQ(rpc("SetPassword", service_token, password(id)).at("/code"), "aborted");
  EXPECT_EQ(rest("DELETE", "/v2/users/" + id, service_token).status, 409);
  EXPECT_TRUE(find(id)->is_guest());
}

TEST_F(UsersTest, ZitadelsPasswordPolicyAndTheCurrentPassword) {
  const auto id = add_guest();
  EXPECT_EQ(rpc("SetPassword", service_token, password(id, "abcdefgh1!")).at("/message"),
            "Password must contain upper case (DOMAIN-VoaRj)");
  EXPECT_TRUE(find(id)->is_guest());
  EXPECT_EQ(rpc("SetPassword", service_token, password("123456")).at("/code"),
            "failed_precondition");
  EXPECT_EQ(rpc("SetPassword", service_token, password(id, "Aa1!" + std::string(96, 'x'))).status,
            200);
  auto with_current = password(id, "Password9!");
  with_current.insert(1, R"("currentPassword":"wrong",)");
  EXPECT_EQ(rpc("SetPassword", service_token, with_current).at("/message"),
            "Password is invalid (COMMAND-3M0fs)");
  auto same = password(id, "Aa1!" + std::string(96, 'x'));
  same.insert(1, R"("currentPassword":"Aa1!)" + std::string(96, 'x') + "\",");
  EXPECT_EQ(rpc("SetPassword", service_token, same).at("/details/0/debug/id"), "COMMAND-Aesh5");
  auto with_code = password(id);
  with_code.insert(1, R"("verificationCode":"abc",)");
  EXPECT_EQ(rpc("SetPassword", service_token, with_code).at("/code"), "failed_precondition");
  const auto hash =
      read([&](store::Transaction& tx) { return accounts::find_password_hash(tx, find(id)->id); });
  EXPECT_TRUE(accounts::verify_password(base::Secret("Aa1!" + std::string(96, 'x')), *hash));
}

TEST_F(UsersTest, ARefusedPasswordChangesNothingElse) {
  const auto id = add_guest();
  const auto body =
      R"({"email":{"email":"j@example.com"},"password":{"password":{"password":"short"}}})";
  EXPECT_EQ(rest("PUT", "/v2/users/human/" + id, service_token, body).status, 400);
  EXPECT_TRUE(find(id)->is_guest());
  EXPECT_EQ(find(id)->email, "g@temp.local");
}

TEST_F(UsersTest, DeletionLeavesNothingAndSaysSo) {
  const auto id = add_guest();
  const auto deleted = rpc("DeleteUser", service_token, R"({"userId":")" + id + "\"}");
  EXPECT_EQ(deleted.at("/details/resourceOwner"), "1");
  EXPECT_EQ(told().back(), "guest.purged");
  EXPECT_EQ(rpc("DeleteUser", service_token, R"({"userId":")" + id + "\"}").at("/message"),
            "User could not be found (COMMAND-bd4ir1mblj)");
  EXPECT_EQ(rest("GET", "/v2/users/" + id, service_token).at("/message"),
            "User could not be found (QUERY-Dfbg2)");
}

TEST_F(UsersTest, StatesChangeInOrder) {
  const auto change = [&](const std::string& what) {
    return rest("POST", "/v2/users/102/" + what, administrator_token, "{}").status;
  };
  EXPECT_EQ(change("reactivate"), 400);
  EXPECT_EQ(change("deactivate"), 200);
  EXPECT_EQ(change("deactivate"), 400);
  EXPECT_EQ(change("lock"), 400);
  EXPECT_EQ(change("reactivate"), 200);
  EXPECT_EQ(change("lock"), 200);
  EXPECT_EQ(change("unlock"), 200);
  EXPECT_EQ(change("unlock"), 400);
}

TEST_F(UsersTest, ListsShowOnlyWhatTheCallerMayRead) {
  add_guest("a@temp.local");
  add_guest("b@temp.local");
  const auto everyone = rest("POST", "/v2/users", administrator_token, "{}");
  EXPECT_EQ(everyone.at("/details/totalResult"), "7");
  const auto guests_only = rest("POST", "/v2/users", service_token, "{}");
  EXPECT_EQ(guests_only.at("/details/totalResult"), "4");  // three guests and itself
  const auto own = rest("POST", "/v2/users", roleless_token, "{}");
  EXPECT_EQ(own.at("/result/0/userId"), "105");
  EXPECT_EQ(own.at("/details/totalResult"), "1");
  const auto query =
      R"({"query":{"limit":1,"asc":true},"queries":[{"andQuery":{"queries":[)"
      R"({"metadataKeyFilter":{"key":"GUEST_","method":"TEXT_FILTER_METHOD_STARTS_WITH"}},)"
      R"({"typeQuery":{"type":"TYPE_HUMAN"}}]}}]})";
  const auto page = rest("POST", "/v2/users", service_token, query);
  EXPECT_EQ(page.at("/details/totalResult"), "2");
  EXPECT_EQ(page.body.at("result").as_array().size(), 1U);
  EXPECT_EQ(page.at("/result/0/username"), "a@temp.local");
  const auto exact = rest("POST", "/v2/users", administrator_token,
                          R"({"queries":[{"metadataKeyFilter":{"key":"GUEST_26_11_2"}}]})");
  EXPECT_FALSE(exact.body.as_object().contains("result"));
  const auto by_name =
      rest("POST", "/v2/users", administrator_token,
           R"({"queries":[{"orQuery":{"queries":[{"userNameQuery":{"userName":"B@TEMP",)"
           R"("method":"TEXT_QUERY_METHOD_STARTS_WITH_IGNORE_CASE"}},)"
           R"({"inUserIdsQuery":{"userIds":["102","nobody"]}}]}}]})");
  EXPECT_EQ(by_name.at("/details/totalResult"), "2");
}

TEST_F(UsersTest, AccessTokensAreNoKeyToTheApi) {
  oauth::AccessToken token{.subject = "102",
                           .audience = {confidential.client_id()},
                           .client_id = confidential.client_id(),
                           .scope = "openid",
                           .issued_at = now(),
                           .expires_at = now() + std::chrono::hours(1),
                           .jti = issuer.new_jti(now())};
  const auto opaque = issuer.seal_access_token(token);
  const auto refused = rpc("DeleteUser", opaque, R"({"userId":"102"})");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.at("/details/0/debug/id"), "APP-Shi0J");
  clock.advance(std::chrono::hours(2));
  EXPECT_EQ(rpc("DeleteUser", opaque, R"({"userId":"102"})").status, 401);
  EXPECT_EQ(rpc("DeleteUser", "nonsense", R"({"userId":"102"})").status, 401);
  EXPECT_EQ(rpc("DeleteUser", "", R"({"userId":"102"})").at("/message"), "auth header missing");
}

TEST_F(UsersTest, ProtocolRefusals) {
  EXPECT_EQ(send("GET", "/zitadel.user.v2.UserService/CreateUser", "", "").status, 405);
  EXPECT_EQ(send("POST", "/zitadel.user.v2.UserService/Nope", "", "{}").body,
            "404 page not found\n");
  EXPECT_EQ(send("OPTIONS", "/zitadel.user.v2.UserService/CreateUser", "", "").status, 204);
  EXPECT_EQ(rest("PUT", "/v2/settings/security", administrator_token, "{}").at("/code"), "12");
  EXPECT_EQ(rpc("CreateUser", administrator_token, "").at("/message"),
            "unmarshal message: zero-length payload is not a valid JSON object");
  EXPECT_EQ(rest("POST", "/v2/users/human", administrator_token, "{\"x\":").at("/message"),
            "unexpected EOF");
  EXPECT_EQ(rpc("CreateUser", administrator_token, "{\"username\":\"\xff\"}").at("/message"),
            "unmarshal message: unmarshal into *user.CreateUserRequest: proto: syntax error (line "
            "1:1): invalid UTF-8");
  EXPECT_EQ(rest("GET", "/v2/users/102", "").at("/code"), "16");
  EXPECT_EQ(rest("GET", "/v2/nothing", administrator_token).status, 404);
}

TEST_F(UsersTest, SecuritySwitchAndSelf) {
  EXPECT_EQ(rest("PUT", "/v2/policies/security", administrator_token, "{}").status, 200);
  EXPECT_EQ(read(oauth::impersonation_policy), oauth::Impersonation::disabled);
  EXPECT_EQ(json::serialize(rest("GET", "/v2/settings/security", administrator_token).body),
            R"({"settings":{"embeddedIframe":{}}})");
  const auto policy = rest("GET", "/v2/settings/password/complexity", service_token);
  EXPECT_EQ(policy.at("/settings/minLength"), "8");
  EXPECT_EQ(policy.at("/settings/requiresSymbol"), "true");
  EXPECT_EQ(policy.at("/details/resourceOwner"), "1");
  EXPECT_EQ(rest("GET", "/v2/settings/password/complexity", roleless_token).status, 404);
  EXPECT_EQ(rest("GET", "/auth/v1/users/me", roleless_token).at("/user/id"), "105");
  EXPECT_EQ(rest("GET", "/management/v1/orgs/me", service_token).at("/org/name"), "Acme");
}

TEST_F(UsersTest, TokensAreMadeForMachinesByAdministrators) {
  const auto add = [&](const std::string& token, const std::string& id, const std::string& until) {
    return rpc("AddPersonalAccessToken", token,
               R"({"userId":")" + id + R"(","expirationDate":")" + until + "\"}");
  };
  const auto made = add(administrator_token, "105", "2099-01-01T00:00:00Z");
  ASSERT_EQ(made.status, 200);
  EXPECT_EQ(rest("GET", "/auth/v1/users/me", made.at("/token")).at("/user/id"), "105");
  EXPECT_EQ(add(service_token, "105", "2099-01-01T00:00:00Z").status, 403);
  EXPECT_EQ(add(administrator_token, "102", "2099-01-01T00:00:00Z").status, 400);
  EXPECT_EQ(add(administrator_token, "105", "2099-01-01T00:00:00+01:00").status, 200);
  for (const std::string until : {"2020-01-01T00:00:00Z", "2099-13-01T00:00:00Z", "2099-01-01",
                                  "2099-01-01T00:00:00", "soon"}) {
    EXPECT_EQ(add(administrator_token, "105", until).status, 400) << until;
  }
}

}  // namespace
}  // namespace vestibule::zitadel
