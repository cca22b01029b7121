#include "oauth/claims_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace vestibule::oauth {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ClaimsRequest, NamesWhatIsKnownWhicheverWayItIsAskedFor) {
  const auto request = ClaimsRequest::parse(
      R"({"userinfo":{"email":null,"name":{"essential":true},"address":{},"shoe_size":null,
                      "nickname":{"value":"Ada"},"gender":{"values":["female","x"]}},
          "id_token":{"picture":null,"auth_time":{"essential":true},"acr":null,
                      "sub":{"value":"102"}},
          "future":7})");
  ASSERT_TRUE(request);
  EXPECT_THAT(request->userinfo, ElementsAre("email", "name", "address", "nickname", "gender"));
  EXPECT_THAT(request->id_token, ElementsAre("picture"));
  EXPECT_EQ(request->subject, "102");
  EXPECT_THAT(request->essential_acr, IsEmpty());
}

TEST(ClaimsRequest, WhatIsRememberedNamesClaimsOnly) {
  const auto request = ClaimsRequest::parse(
      R"({"userinfo":{"email":{"essential":true}},"id_token":{"sub":{"value":"1"},"name":null}})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->to_json(), R"({"userinfo":{"email":null},"id_token":{"name":null}})");
  const auto again = ClaimsRequest::remembered(request->to_json());
  EXPECT_THAT(again.userinfo, ElementsAre("email"));
  EXPECT_THAT(again.id_token, ElementsAre("name"));
  EXPECT_EQ(ClaimsRequest::parse(R"({"userinfo":{"shoe_size":null}})")->to_json(), "");
  EXPECT_THAT(ClaimsRequest::remembered("").userinfo, IsEmpty());
  EXPECT_THROW(ClaimsRequest::remembered("[]"), std::runtime_error);
}

TEST(ClaimsRequest, OnlyAnEssentialAcrIsInsistedOn) {
  const auto accepts = [](const std::string& wish) {
    return ClaimsRequest::parse(R"({"id_token":{"acr":)" + wish + "}}")->accepts_acr("1");
  };
  EXPECT_TRUE(accepts("null"));
  EXPECT_TRUE(accepts(R"({"essential":true})"));
  EXPECT_TRUE(accepts(R"({"values":["2"]})"));
  EXPECT_TRUE(accepts(R"({"essential":true,"values":["2","1"]})"));
  EXPECT_FALSE(accepts(R"({"essential":true,"values":["2","urn:x"]})"));
  EXPECT_FALSE(accepts(R"({"essential":true,"value":"0"})"));
  EXPECT_TRUE(ClaimsRequest::parse(R"({"userinfo":{"acr":{"essential":true,"value":"9"}}})")
                  ->accepts_acr("1"));
}

TEST(ClaimsRequest, WhatIsNoSuchDocumentIsRefused) {
  const std::string deep = R"({"userinfo":)" + std::string(100, '[') + std::string(100, ']') + "}";
  const std::string loud = R"({"userinfo":{"email":{"value":")" + std::string(9000, 'x') + "\"}}}";
  for (const auto& bad : std::initializer_list<std::string>{
           "{", "[]", "7", "null", "\"x\"", "{} {}", deep, loud, R"({"userinfo":[]})",
           R"({"id_token":"email"})", R"({"userinfo":{"email":true}})",
           R"({"userinfo":{"email":["x"]}})", R"({"userinfo":{"email":{"essential":"yes"}}})",
           R"({"id_token":{"sub":{"value":102}}})", R"({"id_token":{"sub":{"values":["1","2"]}}})",
           R"({"id_token":{"sub":{"values":"1"}}})",
           R"({"id_token":{"sub":{"value":"1"}},
                                              "userinfo":{"sub":{"value":"2"}}})",
           R"({"id_token":{"acr":{"values":[1]}}})"}) {
    const auto request = ClaimsRequest::parse(bad);
    ASSERT_FALSE(request) << bad;
    EXPECT_EQ(request.error().code, "invalid_request");
  }
}

}  // namespace
}  // namespace vestibule::oauth
