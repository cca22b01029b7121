#include "template.h"

#include <gtest/gtest.h>

#include <regex>
#include <stdexcept>
#include <string>

#include "assets.h"
#include "catalogue.h"

namespace vestibule::shop {
namespace {

TEST(Templates, EscapeWhatIsFilledIn) {
  const auto page = fill_template("recent_item", {{"id", "a\"b"}, {"name", "<script>'&"}});
  EXPECT_EQ(page.find("<script>"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;&#39;&amp;"), std::string::npos);
  EXPECT_NE(page.find("/products/a&quot;b"), std::string::npos);
}

TEST(Templates, KeepMarkupThatTheyAreGivenAsSuch) {
  EXPECT_NE(fill_template("recent", {{"items", "<li>{{x}}</li>"}}).find("<li>{{x}}</li>"),
            std::string::npos);
}

TEST(Templates, ComplainAboutMissingValuesAndFiles) {
  EXPECT_THROW(fill_template("recent", {}), std::logic_error);
  EXPECT_THROW(fill_template("no such page", {}), std::logic_error);
}

TEST(Catalogue, HasAPictureOfEverything) {
  EXPECT_GE(catalogue().size(), 12U);
  for (const auto& product : catalogue()) {
    EXPECT_EQ(find_product(product.id), &product);
    EXPECT_FALSE(load_asset("static/pictures/" + std::string(product.id) + ".svg").empty());
  }
  EXPECT_EQ(find_product("yacht"), nullptr);
}

// The pages' Content-Security-Policy forbids both.
TEST(Assets, HaveNoInlineScriptsOrStyles) {
  for (const auto& asset : all_assets()) {
    if (!asset.path.ends_with(".html")) continue;
    EXPECT_EQ(asset.content.find("style=\""), std::string_view::npos) << asset.path;
    EXPECT_EQ(asset.content.find("<style"), std::string_view::npos) << asset.path;
    EXPECT_FALSE(std::regex_search(std::string(asset.content), std::regex("\\son[a-z]+=")))
        << asset.path;
    EXPECT_EQ(asset.content.find("<script>"), std::string_view::npos) << asset.path;
  }
}

}  // namespace
}  // namespace vestibule::shop
