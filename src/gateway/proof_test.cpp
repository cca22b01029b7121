#include <gtest/gtest.h>

#include "accounts/mail_links.h"
#include "gateway/world.h"

namespace vestibule::gateway {
namespace {

class Proof : public testing::Test {
 protected:
  Proof() : browser(world) {
    browser.post_json("/guest/v1/session");
    browser.post_json("/guest/v1/upgrade",
                      R"({"given_name":"Ada","family_name":"L","email":"ada@example.org",)"
                      R"("password":"correct horse battery staple 42"})");
    link = world.store->write([&](store::Transaction& tx) {
      const auto user = accounts::find_user_by_subject(tx, browser.subject()).value();
      const auto text = accounts::mint_link(tx, accounts::LinkPurpose::proof, user.id,
                                            "ada@example.org", {}, world.random, world.now());
      return std::string(text.reveal());
    });
  }
  http::testing::Answer open(Browser& by) {
    by.site = "none";
    auto answer = by.get("/guest/v1/proof?token=" + link);
    by.site = "same-origin";
    return answer;
  }

  World world;
  Browser browser;
  std::string link;
};

TEST_F(Proof, InTheClaimingBrowserTakesOneButton) {
  const auto jar = browser.jar;
  for (int i = 0; i < 3; ++i) {
    const auto page = open(browser);
    EXPECT_EQ(page.status, 200);
    EXPECT_NE(page.body.find("ada@example.org"), std::string::npos);
    EXPECT_FALSE(page.headers.contains("Set-Cookie"));
  }
  const auto subject = browser.subject();
  EXPECT_FALSE(world.find(subject)->email_verified());
  EXPECT_EQ(browser.post_form("/guest/v1/proof", "token=" + link).status, 200);
  EXPECT_TRUE(world.find(subject)->email_verified());
  EXPECT_EQ(browser.subject(), subject);
  EXPECT_NE(browser.jar, jar);
  Browser old(world);
  old.jar = jar;
  EXPECT_EQ(old.subject(), "");
  const auto again = browser.post_form("/guest/v1/proof", "token=" + link);
  EXPECT_NE(again.status, 200);
}

TEST_F(Proof, AnybodyElseIsSentToTheProvidersPage) {
  Browser nobody(world);
  Browser guest(world);
  guest.post_json("/guest/v1/session");
  for (auto* by : {&nobody, &guest}) {
    const auto location = "http://127.0.0.1:8081/ui/proof?token=" + link + "&asked=1";
    const auto shown = open(*by);
    EXPECT_EQ(shown.status, 303);
    EXPECT_EQ(shown.headers.find("Location"), location);
    const auto pressed = by->post_form("/guest/v1/proof", "token=" + link);
    EXPECT_EQ(pressed.status, 303);
    EXPECT_EQ(pressed.headers.find("Location"), location);
  }
  EXPECT_FALSE(world.find(browser.subject())->email_verified());
}

TEST_F(Proof, AForeignPageProvesNothing) {
  browser.site = "cross-site";
  EXPECT_EQ(browser.post_form("/guest/v1/proof", "token=" + link).status, 403);
  browser.site = "same-origin";
  EXPECT_FALSE(world.find(browser.subject())->email_verified());
}

TEST_F(Proof, ALinkThatIsNoneIsTold) {
  EXPECT_EQ(browser.get("/guest/v1/proof").status, 410);
  EXPECT_EQ(browser.get("/guest/v1/proof?token=" + std::string(300, 'x')).status, 410);
  EXPECT_EQ(browser.post_form("/guest/v1/proof", "token=").status, 410);
  EXPECT_EQ(browser.get("/guest/v1/proof?token=%3Cscript%3E").status, 303);
}

}  // namespace
}  // namespace vestibule::gateway
