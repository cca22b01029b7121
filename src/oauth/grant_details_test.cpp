#include "oauth/grant_details.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace vestibule::oauth {
namespace {

TEST(GrantDetails, NothingIsTheEmptyText) {
  EXPECT_EQ(GrantDetails{}.to_json(), "");
  EXPECT_TRUE(GrantDetails::parse("").confirmation.empty());
}

TEST(GrantDetails, ComesBackAsItWas) {
  const GrantDetails details{.confirmation = {.jkt = "a", .x5t_s256 = ""},
                             .claims = R"({"userinfo":{"name":null}})",
                             .resource = {"https://a.test", "https://b.test"},
                             .acr = "1"};
  const auto back = GrantDetails::parse(details.to_json());
  EXPECT_EQ(back.confirmation, details.confirmation);
  EXPECT_EQ(back.claims, details.claims);
  EXPECT_EQ(back.resource, details.resource);
  EXPECT_EQ(back.acr, details.acr);
}

TEST(GrantDetails, WhatWeNeverWroteIsAnError) {
  EXPECT_ANY_THROW(GrantDetails::parse("[]"));
  EXPECT_ANY_THROW(GrantDetails::parse(R"({"jkt":1})"));
}

}  // namespace
}  // namespace vestibule::oauth
