#include "oauth/grants/machine_secret.h"

#include "accounts/machine_credentials.h"
#include "oauth/grants/service_token.h"
#include "oauth/liveness.h"
#include "oauth/test_support.h"

namespace vestibule::oauth {
namespace {

class MachineSecretTest : public OAuthTest {
 protected:
  MachineSecretTest() {
    write([&](store::Transaction& tx) {
      secret = accounts::set_machine_secret(tx, service.id, random, now());
      accounts::User named = service;
      named.id = base::UserId{120};
      named.chosen_subject = "billing";
      named.username = "billing-job";
      EXPECT_TRUE(accounts::insert_user(tx, named));
      other_secret = accounts::set_machine_secret(tx, named.id, random, now());
    });
  }
  Result<Grant> grant(const std::string& name, std::string_view given, std::string_view scope = "",
                      AuthMethod how = AuthMethod::client_secret_post) {
    const ParsedCredentials credentials{how, name, base::Secret(std::string(given))};
    return read([&](store::Transaction& tx) {
      return grant_by_machine_secret(tx, context(), credentials, Scope::parse(scope), now());
    });
  }
  bool is_live(const Grant& granted) {
    const auto text = sign(issuer, granted).access_token;
    return read([&](store::Transaction& tx) {
      return check_token(tx, sessions, issuer.parse(text, now()).value(), now()).has_value();
    });
  }

  base::Secret secret{""};
  base::Secret other_secret{""};
};

TEST_F(MachineSecretTest, TheAccountGetsATokenOfItsOwnByNameOrId) {
  for (const auto& name : {service.username.value(), service.subject()}) {
    const auto granted = grant(name, secret.reveal(), "openid nonsense offline_access");
    ASSERT_TRUE(granted) << granted.error().detail;
    EXPECT_EQ(granted->access.subject, service.subject());
    EXPECT_EQ(granted->access.client_id, service.subject());
    EXPECT_EQ(granted->access.scope, "openid");
    EXPECT_EQ(granted->access.actor, nullptr);
    EXPECT_FALSE(granted->refresh_token);
    EXPECT_FALSE(opens_own_api(granted->access, test_issuer)) << "it was not asked for";
    EXPECT_TRUE(is_live(*granted));
  }
}

TEST_F(MachineSecretTest, AChosenIdIsItsClientsName) {
  const auto granted = grant("billing-job", other_secret.reveal(), scope_own_api);
  ASSERT_TRUE(granted) << granted.error().detail;
  EXPECT_EQ(granted->access.client_id, "billing");
  EXPECT_TRUE(opens_own_api(granted->access, test_issuer));
  EXPECT_TRUE(is_live(*granted));
}

TEST_F(MachineSecretTest, EverybodyElseIsRefusedAlike) {
  const auto refused = [&](const std::string& name, std::string_view given) {
    const auto result = grant(name, given);
    return !result && result.error().code == "invalid_client" && result.error().status == 400 &&
           result.error().description == "client not found";
  };
  EXPECT_TRUE(refused("nobody", secret.reveal()));
  EXPECT_TRUE(refused("", ""));
  EXPECT_TRUE(refused(service.subject(), "wrong"));
  EXPECT_TRUE(refused(service.subject(), ""));
  EXPECT_TRUE(refused(service.subject(), other_secret.reveal())) << "another's";
  EXPECT_TRUE(refused(roleless.subject(), "")) << "it has none";
  EXPECT_TRUE(refused(account.subject(), "")) << "a person";
  EXPECT_EQ(grant("nobody", "x", "", AuthMethod::client_secret_basic).error().status, 401);
  set_state(service, accounts::UserState::inactive);
  EXPECT_TRUE(refused(service.subject(), secret.reveal()));
}

TEST_F(MachineSecretTest, ItEndsWithTheSecret) {
  write([&](store::Transaction& tx) {
    EXPECT_TRUE(accounts::delete_machine_secret(tx, service.id));
    EXPECT_FALSE(accounts::delete_machine_secret(tx, service.id));
  });
  EXPECT_FALSE(grant(service.subject(), secret.reveal()));
}

}  // namespace
}  // namespace vestibule::oauth
