#include "accounts/machine_credentials.h"
#include "base/encoding.h"
#include "oauth/test_support.h"
#include "zitadel/test_support.h"

namespace vestibule::zitadel {
namespace {

constexpr std::string_view machine = "105";  // the one without a role
constexpr std::string_view person = "102";

class MachineTest : public ZitadelTest {
 protected:
  Answer call(const std::string& name, std::string_view user, const std::string& more = {},
              std::optional<std::string> token = {}) {
    return rpc(name, token.value_or(administrator_token),
               R"({"userId":")" + std::string(user) + "\"" + more + "}");
  }
  static constexpr auto far = R"(,"expirationDate":"2099-01-01T00:00:00Z")";
};

TEST_F(MachineTest, AKeyComesAsZitadelsFile) {
  const auto made = call("AddKey", machine, far);
  ASSERT_EQ(made.status, 200) << json::serialize(made.body);
  const auto file = json::parse(base::from_base64(made.at("/keyContent")).value()).as_object();
  EXPECT_EQ(file.at("type"), "serviceaccount");
  EXPECT_EQ(file.at("userId").as_string(), machine);
  EXPECT_EQ(file.at("keyId").as_string(), made.at("/keyId"));
  EXPECT_TRUE(jose::PrivateKey::from_pem(base::Secret(std::string(file.at("key").as_string()))));
  const auto found = read([&](store::Transaction& tx) {
    return accounts::find_machine_key(tx, made.at("/keyId"), now());
  });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->user.value, 105);
}

TEST_F(MachineTest, AKeyMayBeBroughtAlong) {
  const auto pem = jose::PrivateKey::generate(jose::Algorithm::rs256).public_key().to_pem();
  const auto made =
      call("AddKey", machine, std::string(far) + R"(,"publicKey":")" + base::to_base64(pem) + "\"");
  ASSERT_EQ(made.status, 200);
  EXPECT_FALSE(made.body.as_object().contains("keyContent"));
  const auto curve = jose::PrivateKey::generate(jose::Algorithm::es256).public_key().to_pem();
  for (const std::string& bad : {curve, std::string("no key")}) {
    const auto refused = call("AddKey", machine,
                              std::string(far) + R"(,"publicKey":")" + base::to_base64(bad) + "\"");
    EXPECT_EQ(refused.at("/code"), "invalid_argument");
    EXPECT_EQ(refused.at("/details/0/debug/id"), "COMMAND-5F3h1");
  }
}

TEST_F(MachineTest, WhatIsMadeIsListedAndTakenAway) {
  const auto key = call("AddKey", machine, far).at("/keyId");
  const auto token = call("AddPersonalAccessToken", machine, far);
  const auto own = R"({"filters":[{"userIdFilter":{"id":"105"}}]})";
  const auto keys = rest("POST", "/v2/users/keys/search", administrator_token, own);
  EXPECT_EQ(keys.at("/pagination/totalResult"), "1");
  EXPECT_EQ(keys.at("/result/0/id"), key);
  EXPECT_EQ(keys.at("/result/0/userId"), "105");
  EXPECT_EQ(keys.at("/result/0/organizationId"), "1");
  const auto tokens = rest("POST", "/v2/users/pats/search", roleless_token, "{}");
  EXPECT_EQ(tokens.at("/pagination/totalResult"), "2") << "it sees its own";
  const auto all = rest("POST", "/v2/users/pats/search", administrator_token, "{}");
  EXPECT_GT(std::stoi(all.at("/pagination/totalResult")), 2);

  EXPECT_EQ(rest("GET", "/auth/v1/users/me", token.at("/token")).status, 200);
  const auto path = "/v2/users/105/pats/" + token.at("/tokenId");
  EXPECT_TRUE(rest("DELETE", path, administrator_token).body.as_object().contains("deletionDate"));
  EXPECT_EQ(rest("DELETE", path, administrator_token).status, 404);
  EXPECT_EQ(rest("GET", "/auth/v1/users/me", token.at("/token")).status, 401);
  EXPECT_EQ(rest("DELETE", "/v2/users/105/keys/" + key, administrator_token).status, 200);
  EXPECT_EQ(rest("DELETE", "/v2/users/105/keys/" + key, administrator_token).at("/message"),
            "Machine key not found (COMMAND-4m77G)");
}

TEST_F(MachineTest, ListsAreFilteredAndPaged) {
  for (const auto* year : {"2090", "2091", "2092"}) {
    call("AddPersonalAccessToken", machine,
         R"(,"expirationDate":")" + std::string(year) + R"(-01-01T00:00:00Z")");
  }
  const auto search = [&](const std::string& body) {
    return rest("POST", "/v2/users/pats/search", administrator_token, body);
  };
  const auto later =
      search(R"({"filters":[{"userIdFilter":{"id":"105"}},{"expirationDateFilter":{"timestamp":)"
             R"("2091-01-01T00:00:00Z","method":"TIMESTAMP_FILTER_METHOD_AFTER_OR_EQUALS"}}],)"
             R"("pagination":{"asc":true,"limit":1},)"
             R"("sortingColumn":"PERSONAL_ACCESS_TOKEN_FIELD_NAME_EXPIRATION_DATE"})");
  EXPECT_EQ(later.body.at("result").as_array().size(), 1U);
  EXPECT_EQ(later.at("/result/0/expirationDate"), "2091-01-01T00:00:00.000000Z");
  EXPECT_EQ(search(R"({"filters":[{"organizationIdFilter":{"id":"7"}}]})").at("/pagination"),
            R"({"appliedLimit":"100"})");
  EXPECT_EQ(search(R"({"filters":[{}]})").at("/code"), "3");
}

TEST_F(MachineTest, ASecretIsShownOnceAndReplaced) {
  const auto first = call("AddSecret", machine).at("/clientSecret");
  const auto second = call("AddSecret", machine).at("/clientSecret");
  const auto good = [&](const std::string& secret) {
    return read([&](store::Transaction& tx) {
      return accounts::verify_machine_secret(tx, base::UserId{105}, base::Secret(secret));
    });
  };
  EXPECT_FALSE(good(first));
  EXPECT_TRUE(good(second));
  EXPECT_FALSE(good(""));
  EXPECT_EQ(rest("DELETE", "/v2/users/105/secret", administrator_token).status, 200);
  EXPECT_FALSE(good(second));
  EXPECT_EQ(rest("DELETE", "/v2/users/105/secret", administrator_token).at("/message"),
            "Secret doesn't exist (COMMAND-coi82n)");
}

TEST_F(MachineTest, AMachineIsDescribedAndRenamed) {
  const auto made = rpc("CreateUser", administrator_token,
                        R"({"organizationId":"1","username":"m","machine":{"name":"M",)"
                        R"("description":"makes guests"}})");
  const auto path = "/v2/users/" + made.at("/id");
  const auto seen = [&] { return rest("GET", path, administrator_token).at("/user/machine"); };
  EXPECT_EQ(seen(), R"({"name":"M","description":"makes guests"})");
  call("AddSecret", made.at("/id"));
  EXPECT_EQ(rest("PATCH", path, administrator_token,
                 R"({"machine":{"name":"N","description":"at night"}})")
                .status,
            200);
  EXPECT_EQ(seen(), R"({"name":"N","description":"at night","hasSecret":true})");
  rest("PATCH", path, administrator_token, R"({"machine":{"description":""}})");
  EXPECT_EQ(seen(), R"({"name":"N","hasSecret":true})");
  EXPECT_EQ(rest("PATCH", "/v2/users/102", administrator_token, R"({"machine":{"name":"N"}})")
                .at("/details/0/id"),
            "VST-Machine");
}

TEST_F(MachineTest, ZitadelsRolesAreOursAndReachNoRegisteredPerson) {
  const auto roles = [&] {
    return read([](store::Transaction& tx) { return accounts::list_roles(tx, base::UserId{105}); });
  };
  const auto body = R"({"userId":"105","roles":["IAM_END_USER_IMPERSONATOR","IAM_USER_MANAGER"]})";
  EXPECT_EQ(rest("POST", "/admin/v1/members", administrator_token, body).status, 200);
  EXPECT_EQ(rest("POST", "/admin/v1/members", administrator_token, body).status, 200) << "again";
  using accounts::Role;
  EXPECT_EQ(roles(), (std::vector{Role::guest_impersonator, Role::guest_manager}));
  EXPECT_EQ(
      rest("PUT", "/admin/v1/members/105", administrator_token, R"({"roles":["ORG_USER_MANAGER"]})")
          .status,
      200);
  EXPECT_EQ(roles(), std::vector{Role::guest_manager});
  for (const std::string bad :
       {R"({"roles":["IAM_ADMIN_IMPERSONATOR"]})", R"({"roles":["user_impersonator"]})",
        R"({"roles":[]})", "{}", R"({"roles":["IAM_OWNER","nothing"]})"}) {
    EXPECT_EQ(rest("PUT", "/admin/v1/members/105", administrator_token, bad).status, 400) << bad;
  }
  EXPECT_EQ(roles(), std::vector{Role::guest_manager});
  const auto guest = add_guest();
  EXPECT_EQ(
      rest("PUT", "/admin/v1/members/" + guest, administrator_token, R"({"roles":["IAM_OWNER"]})")
          .status,
      400);
  EXPECT_EQ(rest("PUT", "/admin/v1/members/105", service_token, body).status, 403);
}

TEST_F(MachineTest, OnlyAdministratorsMakeThemAndOnlyForMachines) {
  for (const std::string name : {"AddKey", "AddPersonalAccessToken", "AddSecret"}) {
    const auto more = name == "AddSecret" ? "" : far;
    EXPECT_EQ(call(name, machine, more, service_token).status, 403) << name;
    EXPECT_EQ(call(name, machine, more, roleless_token).status, 404) << "not even its own";
    EXPECT_EQ(call(name, person, more).at("/code"), "failed_precondition") << name;
    EXPECT_EQ(call(name, "999", more).at("/code"), "failed_precondition") << name;
  }
  for (const std::string until :
       {"", R"(,"expirationDate":"2020-01-01T00:00:00Z")", R"(,"expirationDate":null)"}) {
    EXPECT_EQ(call("AddKey", machine, until).at("/details/0/debug/id"), "DOMAIN-dv3t5") << until;
  }
  const auto none = read([](store::Transaction& tx) { return accounts::list_machine_keys(tx); });
  EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace vestibule::zitadel
