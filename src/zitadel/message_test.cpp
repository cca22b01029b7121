#include "zitadel/message.h"

#include <gtest/gtest.h>

#include "zitadel/messages.h"

namespace vestibule::zitadel {
namespace {

std::string fault_of(std::string_view text) {
  const auto node = read_json(text);
  if (node) return "none";
  const auto [line, column] = position_of(text, node.error().offset);
  return std::to_string(line) + ":" + std::to_string(column) + " " + node.error().token;
}

TEST(JsonReader, ReadsWhatJsonIs) {
  const auto node = read_json(R"( {"a":[1,-2.5e3,true,null,"xä😀\n"],"a":{}} )");
  ASSERT_TRUE(node);
  ASSERT_EQ(node->members.size(), 2U);
  const auto& items = node->members[0].value.items;
  ASSERT_EQ(items.size(), 5U);
  EXPECT_EQ(items[1].raw, "-2.5e3");
  EXPECT_EQ(items[4].text, "xä😀\n");
  EXPECT_EQ(node->members[1].name_offset, 39U);
}

TEST(JsonReader, RefusesEverythingElse) {
  for (const std::string text :
       {"",      "{",    "[1,]",  "{\"a\"}",    "{\"a\":}",    "{a:1}", "01",     "1.",  "-",
        "+1",    "nul",  "truex", "\"\\x\"",    "\"\\ud800\"", "\"a",   "\"\t\"", "1 2", "{}}",
        "[1 2]", "\xff", "'a'",   "{\"a\":1,}", "\"\\u12g4\"", "1e",    "NaN"}) {
    EXPECT_FALSE(read_json(text)) << text;
  }
  EXPECT_FALSE(read_json(std::string(1000, '[')));
  EXPECT_EQ(read_json("{\"x\":").error().kind, JsonFault::Kind::unexpected_end);
}

TEST(JsonReader, NamesThePlace) {
  EXPECT_EQ(fault_of("{\n \"ä\": }"), "2:7 }");
  EXPECT_EQ(fault_of("{\"a\":tru}"), "1:6 tru");
}

TEST(JsonReader, AnyTruncationIsRefused) {
  const std::string text = R"({"a":[1,{"b":"cé"}],"d":false})";
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(read_json(text.substr(0, length))) << length;
  }
}

std::string refused(const Message& message, std::string_view text) {
  const auto node = read_json(text).value();
  const auto record = decode(message, node);
  if (!record) {
    const auto [line, column] = position_of(text, record.error().offset);
    return std::to_string(line) + ":" + std::to_string(column) + " " + record.error().message;
  }
  return validate(*record).value_or("valid");
}

TEST(Decode, RefusesWrongTypesInProtobufsWords) {
  const auto& m = messages::create_user;
  EXPECT_EQ(refused(m, R"({"organizationId": "400746803156356134", "username": 5})"),
            "1:54 invalid value for string field username: 5");
  EXPECT_EQ(refused(m, R"({"metadata":[{"key":"k","value":"***"}]})"),
            R"(1:33 invalid value for bytes field value: "***")");
  EXPECT_EQ(refused(m, R"({"human":5})"), "1:10 unexpected token 5");
  EXPECT_EQ(refused(m, R"({"metadata":{}})"), "1:13 unexpected token {");
  EXPECT_EQ(refused(m, R"([])"), "1:1 unexpected token [");
  EXPECT_EQ(refused(m, R"({"username":"a","username":"b"})"), R"(1:17 duplicate field "username")");
  EXPECT_EQ(refused(m, R"({"human":{},"machine":{}})"),
            R"(1:13 error parsing "machine", oneof UserType is already set)");
  EXPECT_EQ(refused(m, R"({"human":{"email":{"isVerified":"yes"}}})"),
            R"(1:33 invalid value for bool field isVerified: "yes")");
  EXPECT_EQ(refused(m, R"({"human":{"profile":{"gender":"X"}}})"),
            R"(1:31 invalid value for enum field gender: "X")");
  EXPECT_EQ(refused(m, R"({"human":{"idpLinks":[{}]}})"), "1:22 idpLinks is not supported");
  EXPECT_EQ(refused(messages::list_users, R"({"query":{"limit":-1}})"),
            "1:19 invalid value for uint32 field limit: -1");
}

TEST(Decode, ReadsBothNamesAndIgnoresUnknownOnes) {
  const auto node = read_json(R"({"organization_id":"1","nope":[1],"userId":null,
                                  "human":{"email":{"email":"a@b.c","is_verified":true},
                                           "idpLinks":[]},
                                  "metadata":[{"key":"k","value":"Y3JlYXRlZA"}]})")
                        .value();
  const auto record = decode(messages::create_user, node).value();
  EXPECT_EQ(record.text("organizationId"), "1");
  EXPECT_FALSE(record.has("userId"));
  EXPECT_EQ(record.child("human")->child("email")->flag("isVerified"), true);
  EXPECT_EQ(record.children("metadata").at(0).text("value"), "created");
  EXPECT_THROW(record.text("nope"), std::logic_error);
}

TEST(Decode, ReadsNumbersInBothSpellings) {
  const auto node = read_json(R"({"query":{"offset":"12","limit":3}})").value();
  const auto record = decode(messages::list_users, node).value();
  EXPECT_EQ(record.child("query")->number("offset"), 12U);
  EXPECT_EQ(record.child("query")->number("limit"), 3U);
}

constexpr const char* human_ok =
    R"("human":{"profile":{"givenName":"G","familyName":"U"},"email":{"email":"a@b.c"}})";

TEST(Validate, SpeaksAsProtocGenValidateDoes) {
  const auto& m = messages::create_user;
  const auto with = [](std::string members) { return R"({"organizationId":"1",)" + members + "}"; };
  EXPECT_EQ(refused(m, "{}"),
            "invalid CreateUserRequest.OrganizationId: value length must be between 1 and 200 "
            "runes, inclusive");
  EXPECT_EQ(refused(m, with(R"("username":"x")")),
            "invalid CreateUserRequest.UserType: value is required");
  EXPECT_EQ(refused(m, with(R"("human":{"profile":{"givenName":"G","familyName":"U"}})")),
            "invalid CreateUserRequest.Human: embedded message failed validation | caused by: "
            "invalid CreateUserRequest_Human.Email: value is required");
  EXPECT_EQ(refused(m, with(R"("human":{"email":{"email":"a@b.c"}})")),
            "invalid CreateUserRequest.Human: embedded message failed validation | caused by: "
            "invalid CreateUserRequest_Human.Profile: value is required");
  EXPECT_EQ(refused(m, with(R"("human":{"profile":{"givenName":"G","familyName":"U"},)"
                            R"("email":{"email":"not-an-email"}})")),
            "invalid CreateUserRequest.Human: embedded message failed validation | caused by: "
            "invalid CreateUserRequest_Human.Email: embedded message failed validation | caused "
            "by: invalid SetHumanEmail.Email: value must be a valid email address | caused by: "
            "mail: missing '@' or angle-addr");
  EXPECT_EQ(refused(m, with(std::string(human_ok) + R"(,"metadata":[{"key":"","value":"dg=="}])")),
            "invalid CreateUserRequest.Metadata[0]: embedded message failed validation | caused "
            "by: invalid Metadata.Key: value length must be between 1 and 200 runes, inclusive");
  EXPECT_EQ(refused(m, with(std::string(human_ok) + R"(,"username":"")")),
            "invalid CreateUserRequest.Username: value length must be between 1 and 200 runes, "
            "inclusive");
  EXPECT_EQ(refused(m, with(human_ok)), "valid");
  EXPECT_EQ(refused(messages::set_password, R"({"userId":"1","newPassword":{"password":""}})"),
            "invalid SetPasswordRequest.NewPassword: embedded message failed validation | caused "
            "by: invalid Password.Password: value length must be between 1 and 200 runes, "
            "inclusive");
}

TEST(Validate, CountsCodePointsAndBytes) {
  std::string umlauts;
  for (int i = 0; i < 200; ++i) umlauts += "ä";
  const auto named = [](const std::string& name) {
    return R"({"organizationId":"1","username":")" + name + "\"," + human_ok + "}";
  };
  EXPECT_EQ(refused(messages::create_user, named(umlauts)), "valid");
  EXPECT_NE(refused(messages::create_user, named(umlauts + "ä")), "valid");
}

}  // namespace
}  // namespace vestibule::zitadel
