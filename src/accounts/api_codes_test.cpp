#include "accounts/api_codes.h"

#include <gtest/gtest.h>

#include "accounts/testing.h"

namespace vestibule::accounts {
namespace {

class ApiCodesTest : public testing::Test, protected TestWorld {
 protected:
  std::string mint(CodePurpose purpose = CodePurpose::email, std::string_view about = "a@b.test") {
    return std::string(write([&](store::Transaction& tx) {
                         return mint_code(tx, purpose, user.id, about, random, now());
                       }).reveal());
  }
  CodeVerdict use(const std::string& code, CodePurpose purpose = CodePurpose::email,
                  std::string_view about = "a@b.test") {
    return write([&](store::Transaction& tx) {
      return consume_code(tx, purpose, user.id, about, code, now());
    });
  }

  User user = add_user();
};

TEST_F(ApiCodesTest, ACodeWorksOnceWithinItsHour) {
  const auto code = mint();
  EXPECT_EQ(code.size(), 16U);
  EXPECT_EQ(use("wrong"), CodeVerdict::wrong);
  EXPECT_EQ(use(code), CodeVerdict::good);
  EXPECT_EQ(use(code), CodeVerdict::unknown);
  const auto late = mint();
  pass(code_life);
  EXPECT_EQ(use(late), CodeVerdict::unknown);
}

TEST_F(ApiCodesTest, LookingUsesNothingUp) {
  const auto code = mint();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(read([&](store::Transaction& tx) {
                return check_code(tx, CodePurpose::email, user.id, "a@b.test", code, now());
              }),
              CodeVerdict::good);
  }
}

TEST_F(ApiCodesTest, ACodeIsForOneUserPurposeAndAddress) {
  const auto code = mint();
  EXPECT_EQ(use(code, CodePurpose::password), CodeVerdict::unknown);
  EXPECT_EQ(use(code, CodePurpose::email, "other@b.test"), CodeVerdict::unknown);
  const auto other = add_user();
  EXPECT_EQ(write([&](store::Transaction& tx) {
              return consume_code(tx, CodePurpose::email, other.id, "a@b.test", code, now());
            }),
            CodeVerdict::unknown);
  EXPECT_EQ(use(code), CodeVerdict::good);
}

TEST_F(ApiCodesTest, ANewerOneTakesItsPlace) {
  const auto first = mint();
  const auto phone = mint(CodePurpose::phone, "+41");
  const auto second = mint();
  EXPECT_EQ(use(first), CodeVerdict::wrong);
  EXPECT_EQ(use(second), CodeVerdict::good);
  EXPECT_EQ(use(phone, CodePurpose::phone, "+41"), CodeVerdict::good) << "of another purpose";
}

TEST_F(ApiCodesTest, ACodeOpensNoPage) {
  claim(user.id, "a@b.test");
  const auto code = mint(CodePurpose::password, "");
  EXPECT_FALSE(read([&](store::Transaction& tx) { return find_link(tx, code, now()); }));
  EXPECT_FALSE(prove(code));
  EXPECT_FALSE(reset(code));
  EXPECT_EQ(use(code, CodePurpose::password, ""), CodeVerdict::good);
}

TEST_F(ApiCodesTest, CodesGoWithAnotherAddressAndWithTheUser) {
  const auto code = mint();
  claim(user.id, "c@d.test");
  EXPECT_EQ(use(code), CodeVerdict::unknown);
  const auto last = mint(CodePurpose::password, "");
  erase(user.id);
  EXPECT_EQ(use(last, CodePurpose::password, ""), CodeVerdict::unknown);
}

}  // namespace
}  // namespace vestibule::accounts
