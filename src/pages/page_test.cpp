#include "pages/page.h"

#include <gtest/gtest.h>

namespace vestibule::pages {
namespace {

TEST(Pages, EscapesWhatItShows) {
  View view;
  view.set("username", "\"><script>alert(1)</script>").set("request", "a&b");
  const auto html = render("login", view);
  EXPECT_EQ(html.find("<script>"), std::string::npos);
  EXPECT_NE(html.find("&lt;script&gt;"), std::string::npos);
  EXPECT_NE(html.find("value=\"a&amp;b\""), std::string::npos);
}

TEST(Pages, EveryPageIsProtected) {
  const auto response = page(200, "message", "Hello", View{}.set("message", "m"), "/ui/style.css");
  EXPECT_EQ(response.headers.find("Cache-Control"), "no-store");
  EXPECT_EQ(response.headers.find("X-Frame-Options"), "DENY");
  const auto policy = response.headers.find("Content-Security-Policy");
  ASSERT_TRUE(policy);
  EXPECT_NE(policy->find("form-action 'self'"), std::string_view::npos);
  EXPECT_EQ(policy->find("unsafe"), std::string_view::npos);
}

TEST(Pages, MayShowImagesOfOneMoreOrigin) {
  const auto policy = [](std::string_view origin) {
    const auto response = page(200, "message", "Hello", View{}.set("message", "m"), "/ui/style.css",
                               own_target, origin);
    return std::string(response.headers.find("Content-Security-Policy").value_or(""));
  };
  EXPECT_NE(policy("https://a.test").find("img-src 'self' data: https://a.test;"),
            std::string::npos);
  EXPECT_NE(policy("").find("img-src 'self' data:;"), std::string::npos);
}

TEST(Pages, UnknownTemplateIsABug) {
  EXPECT_THROW(render("nope", View{}), std::logic_error);
}

TEST(Pages, ListsRepeat) {
  View mail;
  mail.set("subject", "S").set("to", "a@b").set("body_html", "x");
  const auto html = render("mailbox", View{}.list("mails", {mail, mail}));
  EXPECT_NE(html.find("data-testid=\"mail\""), html.rfind("data-testid=\"mail\""));
  EXPECT_EQ(html.find("mailbox-empty"), std::string::npos);
}

}  // namespace
}  // namespace vestibule::pages
