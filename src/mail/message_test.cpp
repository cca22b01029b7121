#include "mail/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "mail/encoding.h"

namespace vestibule::mail {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Message a_message() {
  return {.from = {"Shop", "no-reply@id.example"},
          .to = "ada@example.org",
          .subject = "Please confirm",
          .body = "Hello,\n\nhttps://id.example/ui/proof?token=abc\n",
          .date = base::Time{std::chrono::milliseconds(1'795'561'658'123)},
          .id = "0123@id.example"};
}

TEST(Message, IsWhatRfc5322Says) {
  EXPECT_EQ(to_rfc5322(a_message()),
            "Date: Tue, 24 Nov 2026 23:07:38 +0000\r\n"
            "From: \"Shop\" <no-reply@id.example>\r\n"
            "To: <ada@example.org>\r\n"
            "Message-ID: <0123@id.example>\r\n"
            "Subject: Please confirm\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: 7bit\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "\r\n"
            "Hello,\r\n\r\nhttps://id.example/ui/proof?token=abc\r\n");
}

TEST(Message, NoLineEndStandsAlone) {
  auto message = a_message();
  message.body = "one\r\ntwo\nthree\n.\nlast";
  const auto text = to_rfc5322(message);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\n') EXPECT_EQ(text[at - 1], '\r');
    if (text[at] == '\r') EXPECT_EQ(text[at + 1], '\n');
  }
  EXPECT_THAT(text, EndsWith("one\r\ntwo\r\nthree\r\n.\r\nlast\r\n"));
}

TEST(Message, ASubjectCannotBeginAField) {
  auto message = a_message();
  message.subject = "Hello\r\nBcc: <eve@example.org>";
  message.from.name = "A\r\nBcc: eve@example.org";
  const auto text = to_rfc5322(message);
  EXPECT_THAT(text, Not(HasSubstr("\nBcc")));
  EXPECT_THAT(text, HasSubstr("=?utf-8?q?Hello=0D=0ABcc=3A_=3Ceve=40example=2Eorg=3E?="));
}

TEST(Message, ABareCarriageReturnInTheBodyIsEncoded) {
  auto message = a_message();
  message.body = "a\rb\n";
  EXPECT_THAT(to_rfc5322(message), HasSubstr("a=0Db\r\n"));
}

TEST(Message, AnAddressThatIsNotPlainIsABug) {
  for (const auto* const bad :
       {"", "ada", "@example.org", "ada@", "a b@example.org", "ada@example.org\r\nBcc: x@y",
        "<ada@example.org>", "ada@example.org, eve@example.org", "\"a b\"@example.org",
        "ada@[127.0.0.1]", ".ada@example.org", "ada.@example.org", "a..b@example.org",
        "ada@example..org", "ada@-x.org", "ada@exa mple.org", "ada@example.org>", "a\xff@x.org"}) {
    EXPECT_FALSE(is_plain_address(bad)) << bad;
    auto message = a_message();
    message.to = bad;
    EXPECT_THROW(to_rfc5322(message), std::invalid_argument) << bad;
  }
  EXPECT_FALSE(is_plain_address(std::string(250, 'a') + "@x.org"));
  for (const auto* const good : {"ada@example.org", "a.b+c_d@x-y.example", "jürgen@köln.example",
                                 "o'hara@localhost", "{x}@1.example"}) {
    EXPECT_TRUE(is_plain_address(good)) << good;
  }
}

TEST(Message, Mailboxes) {
  EXPECT_EQ(parse_mailbox("no-reply@id.example")->address, "no-reply@id.example");
  const auto named = parse_mailbox(" Our Shop  <no-reply@id.example> ");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->name, "Our Shop");
  EXPECT_EQ(named->address, "no-reply@id.example");
  EXPECT_EQ(parse_mailbox("\"Shop, our\" <a@b.c>")->name, "Shop, our");
  EXPECT_EQ(parse_mailbox("<a@b.c>")->name, "");
  for (const auto* const bad : {"", "Shop", "Shop <a@b.c", "a@b.c>", "Shop <a@b.c> x",
                                "Shop\r\nBcc: x <a@b.c>", "Shop <a b@c.d>", "\xff <a@b.c>"}) {
    EXPECT_FALSE(parse_mailbox(bad)) << bad;
  }
}

TEST(Message, ANameIsQuotedOrEncoded) {
  auto message = a_message();
  message.from.name = R"(The "best", \ shop)";
  EXPECT_THAT(to_rfc5322(message),
              HasSubstr(R"(From: "The \"best\", \\ shop" <no-reply@id.example>)"));
  message.from.name = "Café";
  EXPECT_THAT(to_rfc5322(message), HasSubstr("From: =?utf-8?q?Caf=C3=A9?= <no-reply@id.example>"));
}

TEST(Encoding, LongSubjectsAreFoldedWithinNoCharacter) {
  std::string subject;
  for (int i = 0; i < 40; ++i) subject += "ü ";
  const auto words = unstructured(subject);
  std::size_t begin = 0;
  while (begin < words.size()) {
    auto end = words.find("\r\n ", begin);
    if (end == std::string::npos) end = words.size();
    const auto word = words.substr(begin, end - begin);
    EXPECT_LE(word.size(), 64U);
    EXPECT_THAT(word, StartsWith("=?utf-8?q?"));
    EXPECT_THAT(word, EndsWith("?="));
    EXPECT_EQ(std::ranges::count(word, '=') % 2, 0) << "both bytes of an umlaut, and the two ends";
    begin = end + 3;
  }
  EXPECT_EQ(unstructured("plain"), "plain");
  EXPECT_EQ(unstructured("=?x?="), "=?utf-8?q?=3D=3Fx=3F=3D?=");
}

TEST(Encoding, QuotedPrintable) {
  EXPECT_EQ(quoted_printable("Grüße = x\n"), "Gr=C3=BC=C3=9Fe =3D x\r\n");
  EXPECT_EQ(quoted_printable("blank \ntab\t\n"), "blank=20\r\ntab=09\r\n");
  const auto longest = quoted_printable(std::string(76, 'a'));
  EXPECT_EQ(longest, std::string(76, 'a') + "\r\n");
  EXPECT_EQ(quoted_printable(std::string(77, 'a')), std::string(75, 'a') + "=\r\naa\r\n");
  EXPECT_EQ(quoted_printable(std::string(75, 'a') + "=b"), std::string(75, 'a') + "=\r\n=3Db\r\n");
}

TEST(Encoding, SevenBits) {
  EXPECT_TRUE(fits_seven_bits("a\nb\r\n"));
  EXPECT_TRUE(fits_seven_bits(std::string(998, 'a') + "\nb"));
  EXPECT_FALSE(fits_seven_bits(std::string(999, 'a')));
  EXPECT_FALSE(fits_seven_bits("ü"));
  EXPECT_FALSE(fits_seven_bits(std::string("a\0b", 3)));
  EXPECT_FALSE(fits_seven_bits("a\rb"));
}

}  // namespace
}  // namespace vestibule::mail
