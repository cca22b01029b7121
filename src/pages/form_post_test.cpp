#include "pages/form_post.h"

#include <gtest/gtest.h>

#include "base/crypto.h"
#include "base/encoding.h"

namespace vestibule::pages {
namespace {

std::string between(const std::string& text, std::string_view from, std::string_view to) {
  const auto start = text.find(from) + from.size();
  return text.substr(start, text.find(to, start) - start);
}

TEST(FormPost, TheFieldsAreEscapedAndGoToTheAction) {
  const auto page = form_post("https://a.test/cb?x=1&y=2",
                              {{"state", "\"><script>"}, {"code", "c"}}, "/ui/style.css");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(between(page.body, "action=\"", "\""), "https://a.test/cb?x=1&amp;y=2");
  EXPECT_NE(page.body.find(R"(name="state" value="&quot;&gt;&lt;script&gt;")"), std::string::npos);
  EXPECT_NE(page.body.find("form-post-submit"), std::string::npos);
}

TEST(FormPost, ThePolicyAllowsThatScriptAndNoOther) {
  const auto page = form_post("https://a.test/cb", {}, "/ui/style.css");
  const auto script = between(page.body, "<script>", "</script>");
  const std::string policy(page.headers.find("Content-Security-Policy").value_or(""));
  EXPECT_NE(policy.find("script-src 'sha256-" + base::to_base64(base::sha256(script)) + "'"),
            std::string::npos)
      << policy;
  EXPECT_NE(policy.find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_EQ(policy.find("form-action"), std::string::npos);
  EXPECT_EQ(page.headers.find("Cache-Control"), "no-store");
}

}  // namespace
}  // namespace vestibule::pages
