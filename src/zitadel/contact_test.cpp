#include "accounts/directory.h"
#include "zitadel/test_support.h"

namespace vestibule::zitadel {
namespace {

constexpr auto returning = R"(,"returnCode":{})";

class ContactTest : public ZitadelTest {
 protected:
  Answer call(const std::string& name, const std::string& user, const std::string& more = {},
              std::optional<std::string> token = {}) {
    return rpc(name, token.value_or(administrator_token),
               R"({"userId":")" + user + "\"" + more + "}");
  }
  Answer set_email(const std::string& user, const std::string& address,
                   const std::string& how = {}) {
    return call("SetEmail", user, R"(,"email":")" + address + "\"" + how);
  }
  Answer verify_email(const std::string& user, const std::string& code) {
    return call("VerifyEmail", user, R"(,"verificationCode":")" + code + "\"");
  }
  std::int64_t waiting_mails() {
    static const store::Statement count{"test.jobs", "select count(*) from mail_jobs"};
    return read([](store::Transaction& tx) {
      auto rows = tx.query(count);
      rows.next();
      return rows.integer(0);
    });
  }
};

TEST_F(ContactTest, AnAddressIsVouchedForMailedOrGivenACode) {
  EXPECT_EQ(set_email("102", "a@new.test", R"(,"isVerified":true)").status, 200);
  EXPECT_EQ(find("102")->email_state, accounts::EmailState::asserted);
  EXPECT_EQ(waiting_mails(), 0);
  const auto mailed = set_email("102", "b@new.test");
  EXPECT_FALSE(mailed.body.as_object().contains("verificationCode"));
  EXPECT_EQ(find("102")->email_state, accounts::EmailState::unproved);
  EXPECT_EQ(waiting_mails(), 1);
  const auto coded = set_email("102", "c@new.test", returning);
  EXPECT_EQ(coded.at("/verificationCode").size(), 16U);
  EXPECT_EQ(find("102")->email_state, accounts::EmailState::unproved);
  EXPECT_EQ(set_email("102", "C@new.test", returning).at("/message"),
            "Email not changed (COMMAND-Uch5e)");
}

TEST_F(ContactTest, ACodeProvesWhatItsCallerCouldHaveVouchedForAndNoMore) {
  const auto code = set_email("102", "c@new.test", returning).at("/verificationCode");
  EXPECT_EQ(verify_email("102", "wrong").at("/message"), "Code is invalid (COMMAND-eis9R)");
  EXPECT_EQ(verify_email("101", code).status, 400) << "it is another user's";
  EXPECT_EQ(verify_email("102", code).status, 200);
  EXPECT_EQ(find("102")->email_state, accounts::EmailState::asserted);
  EXPECT_EQ(verify_email("102", code).status, 400) << "it works once";
}

TEST_F(ContactTest, ACodeIsForOneAddressAndAnHour) {
  const auto first = set_email("102", "c@new.test", returning).at("/verificationCode");
  const auto again = call("ResendEmailCode", "102", returning).at("/verificationCode");
  EXPECT_EQ(verify_email("102", first).status, 400) << "a newer one took its place";
  set_email("102", "d@new.test");
  EXPECT_EQ(verify_email("102", again).status, 400) << "it was for another address";
  const auto late = call("SendEmailCode", "102", returning).at("/verificationCode");
  clock.advance(std::chrono::hours(1));
  EXPECT_EQ(verify_email("102", late).status, 400);
  EXPECT_EQ(find("102")->email_state, accounts::EmailState::unproved);
}

TEST_F(ContactTest, NobodyIsAskedTwice) {
  set_email("102", "a@new.test", R"(,"isVerified":true)");
  EXPECT_EQ(call("ResendEmailCode", "102", returning).at("/message"),
            "Code is empty (EMAIL-5w5ilin4yt)");
  const auto sent = call("SendEmailCode", "102", returning);
  EXPECT_EQ(sent.status, 200);
  EXPECT_FALSE(sent.body.as_object().contains("verificationCode"));
  EXPECT_EQ(waiting_mails(), 0);
}

TEST_F(ContactTest, AGuestWithAnotherAddressIsAnAccount) {
  const auto id = add_guest();
  EXPECT_EQ(call("SetEmail", id, R"(,"email":"me@new.test","returnCode":{})", service_token).status,
            200);
  EXPECT_FALSE(find(id)->is_guest());
  EXPECT_EQ(told().back(), "guest.upgraded");
}

TEST_F(ContactTest, CreationAndUpdateGiveCodesToo) {
  auto body = human("n@x.local");
  body.replace(body.find(R"("isVerified":true)"), 17, R"("returnCode":{})");
  const auto made = rpc("CreateUser", administrator_token, body);
  EXPECT_EQ(made.at("/emailCode").size(), 16U);
  EXPECT_EQ(verify_email(made.at("/id"), made.at("/emailCode")).status, 200);
  const auto changed = rest("PUT", "/v2/users/human/" + made.at("/id"), administrator_token,
                            R"({"email":{"email":"m@x.local","returnCode":{}}})");
  EXPECT_EQ(verify_email(made.at("/id"), changed.at("/emailCode")).status, 200);
}

TEST_F(ContactTest, ANumberIsVerifiedByCodeAndRemoved) {
  const auto set = call("SetPhone", "102", R"(,"phone":"+41791234567","returnCode":{})");
  ASSERT_EQ(set.status, 200);
  const auto code = R"(,"verificationCode":")" + set.at("/verificationCode") + "\"";
  EXPECT_EQ(find("102")->phone_verified, 0);
  EXPECT_EQ(call("VerifyPhone", "102", R"(,"verificationCode":"no")").status, 400);
  EXPECT_EQ(call("VerifyPhone", "102", code).status, 200);
  EXPECT_EQ(find("102")->phone_verified, 1);
  EXPECT_EQ(call("ResendPhoneCode", "102", returning).at("/details/0/debug/id"),
            "PHONE-5xrra88eq8");
  EXPECT_EQ(call("SetPhone", "102", R"(,"phone":"+41791234567")").status, 400);
  EXPECT_EQ(call("SetPhone", "102", R"(,"phone":"+4178","sendCode":{})").status, 501);
  EXPECT_EQ(rest("DELETE", "/v2/users/102/phone", administrator_token).status, 200);
  EXPECT_FALSE(find("102")->phone);
  EXPECT_EQ(rest("DELETE", "/v2/users/102/phone", administrator_token).status, 404);
}

TEST_F(ContactTest, AResetCodeSetsOnePasswordForWhoMaySetItAnyway) {
  const auto code = call("PasswordReset", "102", returning).at("/verificationCode");
  const auto set = [&](const std::string& token, const std::string& with) {
    return call("SetPassword", "102",
                R"(,"newPassword":{"password":"Password1!"},"verificationCode":")" + with + "\"",
                token);
  };
  EXPECT_EQ(set(administrator_token, "wrong").at("/message"), "Code is invalid (CODE-woT0xc)");
  EXPECT_EQ(set(service_token, code).status, 403);
  EXPECT_EQ(set(administrator_token, code).status, 200);
  EXPECT_EQ(set(administrator_token, code).at("/message"), "Code not found (COMMAND-2M9fs)");
  EXPECT_EQ(waiting_mails(), 0);
  EXPECT_EQ(call("PasswordReset", "102", R"(,"sendLink":{})").status, 200);
  EXPECT_EQ(waiting_mails(), 1);
  const auto methods = rest("GET", "/v2/users/102/authentication_methods", administrator_token);
  EXPECT_EQ(methods.at("/authMethodTypes/0"), "AUTHENTICATION_METHOD_TYPE_PASSWORD");
}

TEST_F(ContactTest, AServiceAccountReachesGuestsOnly) {
  for (const std::string name : {"SendEmailCode", "PasswordReset", "RemovePhone"}) {
    EXPECT_EQ(call(name, "102", {}, service_token).status, 403) << name;
    EXPECT_EQ(call(name, "102", {}, roleless_token).status, 404) << name;
    EXPECT_EQ(call(name, "999").status, 404) << name;
  }
  EXPECT_EQ(waiting_mails(), 0);
}

}  // namespace
}  // namespace vestibule::zitadel
