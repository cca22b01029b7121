#include "accounts/machine_credentials.h"

#include <gtest/gtest.h>

#include "accounts/service_accounts.h"
#include "accounts/testing.h"

namespace vestibule::accounts {
namespace {

class MachineCredentialsTest : public testing::Test, protected TestWorld {
 protected:
  MachineCredentialsTest() {
    machine = fresh_user();
    machine.kind = UserKind::machine;
    insert(machine).value();
  }
  bool verify(const std::string& secret) {
    return read([&](store::Transaction& tx) {
      return verify_machine_secret(tx, machine.id, base::Secret(secret));
    });
  }

  User machine;
};

TEST_F(MachineCredentialsTest, OneSecretAtATime) {
  const auto make = [&] {
    return std::string(write([&](store::Transaction& tx) {
                         return set_machine_secret(tx, machine.id, random, now());
                       }).reveal());
  };
  EXPECT_FALSE(verify(""));
  const auto first = make();
  EXPECT_EQ(first.size(), 43U);
  EXPECT_TRUE(verify(first));
  EXPECT_FALSE(verify(first + "x"));
  EXPECT_FALSE(verify(""));
  const auto second = make();
  EXPECT_FALSE(verify(first));
  EXPECT_TRUE(verify(second));
  EXPECT_TRUE(write([&](store::Transaction& tx) { return delete_machine_secret(tx, machine.id); }));
  EXPECT_FALSE(verify(second));
  EXPECT_FALSE(
      write([&](store::Transaction& tx) { return delete_machine_secret(tx, machine.id); }));
}

TEST_F(MachineCredentialsTest, ListsNameTheirOwnersAndNothingSecret) {
  const User other = add_user();
  write([&](store::Transaction& tx) {
    add_personal_token(tx, machine.id, now() + std::chrono::hours(1), 7, random, now());
    add_personal_token(tx, other.id, now() + std::chrono::hours(2), 8, random, now());
    add_machine_key(tx, "k1", machine.id, "{}", now() + std::chrono::hours(3), now());
    EXPECT_FALSE(delete_personal_token(tx, machine.id, 8)) << "it is another's";
    EXPECT_FALSE(delete_machine_key(tx, other.id, "k1"));
    const auto tokens = list_personal_tokens(tx);
    ASSERT_EQ(tokens.size(), 2U);
    EXPECT_EQ(tokens[0].id, "7");
    EXPECT_EQ(tokens[0].user, machine.id);
    EXPECT_EQ(tokens[0].organization, organization);
    EXPECT_EQ(tokens[1].expires_at, now() + std::chrono::hours(2));
    EXPECT_EQ(list_machine_keys(tx).at(0).id, "k1");
    EXPECT_TRUE(delete_personal_token(tx, machine.id, 7));
    EXPECT_TRUE(delete_machine_key(tx, machine.id, "k1"));
    EXPECT_TRUE(list_machine_keys(tx).empty());
  });
}

TEST_F(MachineCredentialsTest, EverythingGoesWithTheAccount) {
  write([&](store::Transaction& tx) {
    set_machine_description(tx, machine.id, "a job");
    EXPECT_EQ(find_machine_description(tx, machine.id), "a job");
    set_machine_secret(tx, machine.id, random, now());
    EXPECT_TRUE(has_machine_secret(tx, machine.id));
  });
  erase(machine.id);
  write([&](store::Transaction& tx) {
    EXPECT_EQ(find_machine_description(tx, machine.id), "");
    EXPECT_FALSE(has_machine_secret(tx, machine.id));
  });
}

}  // namespace
}  // namespace vestibule::accounts
