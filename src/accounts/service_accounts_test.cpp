#include "accounts/service_accounts.h"

#include <gtest/gtest.h>

#include "accounts/organizations.h"
#include "accounts/testing.h"
#include "base/crypto.h"

namespace vestibule::accounts {
namespace {

using std::chrono::hours;

class ServiceAccountsTest : public testing::Test, public TestWorld {
 protected:
  User account = add_machine();

  User add_machine() {
    User user = fresh_user();
    user.kind = UserKind::machine;
    insert(user).value();
    return user;
  }
  PersonalToken add_token() {
    return write([&](store::Transaction& tx) {
      return add_personal_token(tx, account.id, now() + hours(1), 5, random, now());
    });
  }
  std::optional<Caller> authenticate(std::string_view token) {
    return read(
        [&](store::Transaction& tx) { return authenticate_personal_token(tx, token, now()); });
  }
};

TEST_F(ServiceAccountsTest, RolesAreExplicitAndRoundTrip) {
  for (const auto role : {Role::administrator, Role::guest_manager, Role::guest_impersonator,
                          Role::user_impersonator}) {
    EXPECT_EQ(parse_role(to_string(role)), role);
  }
  EXPECT_FALSE(parse_role(""));
  EXPECT_FALSE(parse_role("Administrator"));
  write([&](store::Transaction& tx) {
    EXPECT_TRUE(list_roles(tx, account.id).empty());
    grant_role(tx, account.id, Role::guest_manager);
    grant_role(tx, account.id, Role::guest_manager);
    const auto caller = load_caller(tx, account.id);
    ASSERT_TRUE(caller);
    EXPECT_TRUE(caller->has(Role::guest_manager));
    EXPECT_FALSE(caller->has(Role::guest_impersonator));
    EXPECT_FALSE(caller->has(Role::administrator));
    EXPECT_EQ(caller->roles.size(), 1U);
    EXPECT_FALSE(caller->token);
    revoke_role(tx, account.id, Role::guest_impersonator);
    EXPECT_EQ(list_roles(tx, account.id), std::vector{Role::guest_manager});
    revoke_role(tx, account.id, Role::guest_manager);
    EXPECT_TRUE(list_roles(tx, account.id).empty());
  });
}

TEST_F(ServiceAccountsTest, ATokenLeadsToItsUser) {
  const auto token = add_token();
  EXPECT_EQ(token.token.size(), 43U);
  const auto caller = authenticate(token.token.reveal());
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->user.id, account.id);
  ASSERT_TRUE(caller->token);
  EXPECT_EQ(caller->token->id, 5);
  EXPECT_EQ(caller->token->created_at, now());
}

TEST_F(ServiceAccountsTest, OtherTokensLeadToNobody) {
  const auto token = std::string(add_token().token.reveal());
  EXPECT_FALSE(authenticate(""));
  EXPECT_FALSE(authenticate(token + "A"));
  EXPECT_FALSE(authenticate(token.substr(1)));
  EXPECT_FALSE(authenticate(base::sha256(token))) << "the stored hash is no token";
  pass(hours(1));
  EXPECT_FALSE(authenticate(token));
}

TEST_F(ServiceAccountsTest, AnInactiveOrDeletedUserIsNoCaller) {
  const auto token = std::string(add_token().token.reveal());
  account.state = UserState::inactive;
  update(account).value();
  EXPECT_FALSE(authenticate(token));
  account.state = UserState::active;
  update(account).value();
  EXPECT_TRUE(authenticate(token));
  erase(account.id);
  EXPECT_FALSE(authenticate(token));
}

TEST_F(ServiceAccountsTest, KeysAreFoundUntilTheyExpire) {
  write([&](store::Transaction& tx) {
    add_machine_key(tx, "key-1", account.id, R"({"kty":"RSA"})", now() + hours(1), now());
    const auto key = find_machine_key(tx, "key-1", now());
    ASSERT_TRUE(key);
    EXPECT_EQ(key->user, account.id);
    EXPECT_EQ(key->public_jwk, R"({"kty":"RSA"})");
    EXPECT_FALSE(find_machine_key(tx, "key-2", now()));
    EXPECT_FALSE(find_machine_key(tx, "key-1", now() + hours(1)));
  });
  erase(account.id);
  write([&](store::Transaction& tx) { EXPECT_FALSE(find_machine_key(tx, "key-1", now())); });
}

TEST_F(ServiceAccountsTest, OrganizationsAndFacts) {
  write([&](store::Transaction& tx) {
    insert_organization(
        tx, {.id = {9}, .name = "Shop", .primary_domain = "shop.example", .created_at = now()});
    EXPECT_EQ(find_organization(tx, {9})->name, "Shop");
    EXPECT_EQ(find_organization(tx, {9})->primary_domain, "shop.example");
    EXPECT_FALSE(find_organization(tx, {8}));
    EXPECT_FALSE(find_meta(tx, "k"));
    set_meta(tx, "k", "1");
    set_meta(tx, "k", "2");
    EXPECT_EQ(find_meta(tx, "k"), "2");
  });
}

}  // namespace
}  // namespace vestibule::accounts
