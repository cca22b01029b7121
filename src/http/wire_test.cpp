#include "http/wire.h"

#include <gtest/gtest.h>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/random.h"

namespace vestibule::http {
namespace {

using Parsed = std::expected<RequestControl, WireError>;

Parsed parse(const std::string& bytes, RequestHead& head, HeadLimits limits = {}) {
  HeadScanner scanner;
  const auto length = scanner.scan(bytes, limits);
  if (!length) return std::unexpected(length.error());
  if (!*length) return std::unexpected(WireError::too_large);
  return parse_request_head(std::string_view(bytes).substr(0, **length), limits, head);
}

struct Refusal {
  const char* name;
  std::string bytes;
  WireError error;
};

std::string with(const std::string& fields) {
  return "POST /a HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}
std::string at(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

const std::vector<Refusal>& refusals() {
  using enum WireError;
  static const std::vector<Refusal> all{
      {"bare LF after the request line", "GET / HTTP/1.1\nHost: h\r\n\r\n", bare_lf},
      {"bare LF after a field", "GET / HTTP/1.1\r\nHost: h\n\r\n", bare_lf},
      {"bare LF as the last line", "GET / HTTP/1.1\r\nHost: h\r\n\n", bare_lf},
      {"all lines end in LF", "GET / HTTP/1.1\nHost: h\n\n", bare_lf},
      {"CR in a value", with("X: a\rb\r\n"), field_value},
      {"CR before CRLF", with("X: a\r\r\n"), field_value},
      {"NUL in a value", with(std::string("X: a\0b\r\n", 8)), field_value},
      {"DEL in a value", with("X: a\x7f\r\n"), field_value},
      {"folded field", with("X: a\r\n b\r\n"), folded},
      {"folded with a tab", with("X: a\r\n\tb\r\n"), folded},
      {"first field folded", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", folded},
      {"space before the colon", with("Content-Length : 1\r\n"), field_name},
      {"tab before the colon", with("X\t: 1\r\n"), field_name},
      {"no colon", with("Xabc\r\n"), field_name},
      {"empty name", with(": a\r\n"), field_name},
      {"parenthesis in a name", with("X(a): a\r\n"), field_name},
      {"octet above ASCII in a name", with("X\xe9: a\r\n"), field_name},
      {"NUL in a name", with(std::string("X\0: a\r\n", 7)), field_name},
      {"two lengths", with("Content-Length: 1\r\nContent-Length: 2\r\n"), content_length},
      {"two equal lengths", with("Content-Length: 1\r\nContent-Length: 1\r\n"), content_length},
      {"list of lengths", with("Content-Length: 1, 1\r\n"), content_length},
      {"signed length", with("Content-Length: +1\r\n"), content_length},
      {"negative length", with("Content-Length: -1\r\n"), content_length},
      {"hexadecimal length", with("Content-Length: 0x1\r\n"), content_length},
      {"length with a space", with("Content-Length: 1 0\r\n"), content_length},
      {"empty length", with("Content-Length:\r\n"), content_length},
      {"overflowing length", with("Content-Length: 99999999999999999999\r\n"), content_length},
      {"length and coding", with("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
       length_and_chunked},
      {"coding and length", with("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"),
       length_and_chunked},
      {"gzip, chunked", with("Transfer-Encoding: gzip, chunked\r\n"), transfer_encoding},
      {"chunked, identity", with("Transfer-Encoding: chunked, identity\r\n"), transfer_encoding},
      {"chunked twice in a list", with("Transfer-Encoding: chunked, chunked\r\n"),
       transfer_encoding},
      {"two codings", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
       transfer_encoding},
      {"identity", with("Transfer-Encoding: identity\r\n"), transfer_encoding},
      {"xchunked", with("Transfer-Encoding: xchunked\r\n"), transfer_encoding},
      {"quoted chunked", with("Transfer-Encoding: \"chunked\"\r\n"), transfer_encoding},
      {"vertical tab before chunked",
       with("Transfer-Encoding: \x0b"
            "chunked\r\n"),
       field_value},
      {"empty coding", with("Transfer-Encoding:\r\n"), transfer_encoding},
      {"coding in HTTP/1.0", "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
       transfer_encoding},
      {"no Host", "GET / HTTP/1.1\r\nX: y\r\n\r\n", host},
      {"two Hosts", with("Host: h\r\n"), host},
      {"two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", host},
      {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", host},
      {"user in Host", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", host},
      {"path in Host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", host},
      {"two Hosts in one", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", host},
      {"Host with a bad port", "GET / HTTP/1.1\r\nHost: a:x\r\n\r\n", host},
      {"Host with an empty port", "GET / HTTP/1.1\r\nHost: a:\r\n\r\n", host},
      {"Host with an unclosed bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", host},
      {"authority of another host", "GET http://other/ HTTP/1.1\r\nHost: h\r\n\r\n", target},
      {"authority with a user", "GET http://u@h/ HTTP/1.1\r\nHost: h\r\n\r\n", target},
      {"ftp target", "GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", target},
      {"relative target", at("a/b"), target},
      {"asterisk with GET", at("*"), target},
      {"fragment", at("/a#b"), target},
      {"control character in the target", at("/a\x01"), target},
      {"octet above ASCII in the target", at("/\xc3\xa9"), target},
      {"encoded slash", at("/a%2Fb"), target},
      {"encoded slash in lower case", at("/a%2fb"), target},
      {"encoded backslash", at("/a%5cb"), target},
      {"backslash", at("/a\\b"), target},
      {"encoded NUL", at("/a%00"), target},
      {"encoded line feed", at("/a%0a"), target},
      {"half an escape", at("/a%2"), target},
      {"wrong escape", at("/a%zz"), target},
      {"dot segment", at("/a/../b"), target},
      {"dot segment at the end", at("/a/.."), target},
      {"dot segment with a parameter", at("/a/..;c=d/b"), target},
      {"single dot", at("/./a"), target},
      {"encoded dot segment", at("/a/%2e%2E/b"), target},
      {"two spaces", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", target},
      {"space in the target", at("/a b"), target},
      {"no target", "GET HTTP/1.1\r\nHost: h\r\n\r\n", request_line},
      {"no version", "GET /\r\nHost: h\r\n\r\n", request_line},
      {"HTTP/0.9", "GET / HTTP/0.9\r\nHost: h\r\n\r\n", version},
      {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", version},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", version},
      {"lower-case version", "GET / http/1.1\r\nHost: h\r\n\r\n", request_line},
      {"long version", "GET / HTTP/1.10\r\nHost: h\r\n\r\n", request_line},
      {"space after the version", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n", request_line},
      {"tabs in the request line", "GET\t/\tHTTP/1.1\r\nHost: h\r\n\r\n", request_line},
      {"space before the method", " GET / HTTP/1.1\r\nHost: h\r\n\r\n", request_line},
      {"bad method", "G=T / HTTP/1.1\r\nHost: h\r\n\r\n", request_line},
      {"preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", version},
      {"two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", request_line},
      {"CONNECT", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", method},
      {"unknown expectation", with("Expect: a-miracle\r\nContent-Length: 1\r\n"), expectation},
      {"two expectations",
       with("Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 1\r\n"), expectation},
  };
  return all;
}

TEST(RequestHead, RefusesWhatTwoParsersCouldReadDifferently) {
  for (const auto& refusal : refusals()) {
    RequestHead head;
    const auto parsed = parse(refusal.bytes, head);
    ASSERT_FALSE(parsed) << refusal.name;
    EXPECT_EQ(to_string(parsed.error()), to_string(refusal.error)) << refusal.name;
  }
}

TEST(RequestHead, ReadsAnOrdinaryRequest) {
  RequestHead head;
  const auto control = parse(
      "POST /caf%C3%A9/a%20b?x=%2F&y HTTP/1.1\r\nHost: Shop.Example:8080\r\nX-A:  1 \r\n"
      "x-a:\t2\r\nContent-Length: 12\r\n\r\n",
      head);
  ASSERT_TRUE(control);
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.target, "/caf%C3%A9/a%20b?x=%2F&y");
  EXPECT_EQ(head.path, "/caf\xc3\xa9/a b");
  EXPECT_EQ(head.query, "x=%2F&y");
  EXPECT_EQ(head.host, "shop.example:8080");
  EXPECT_EQ(head.headers.find_all("X-A"), (std::vector<std::string_view>{"1", "2"}));
  EXPECT_EQ(control->framing.kind, Framing::Kind::length);
  EXPECT_EQ(control->framing.length, 12U);
  EXPECT_EQ(control->persistence, Persistence::keep_alive);
}

TEST(RequestHead, ReadsTheOtherForms) {
  RequestHead absolute;
  ASSERT_TRUE(parse("GET http://H:80/a?b HTTP/1.1\r\nHost: h:80\r\n\r\n", absolute));
  EXPECT_EQ(absolute.target, "/a?b");
  RequestHead bare;
  ASSERT_TRUE(parse("GET http://h?b HTTP/1.1\r\nHost: h\r\n\r\n", bare));
  EXPECT_EQ(bare.target, "/?b");
  EXPECT_EQ(bare.path, "/");
  RequestHead options;
  ASSERT_TRUE(parse("OPTIONS * HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", options));
  EXPECT_EQ(options.path, "*");
  RequestHead after_empty_line;
  ASSERT_TRUE(parse("\r\nGET /.well-known/x HTTP/1.1\r\nHost: h\r\n\r\n", after_empty_line));
  EXPECT_EQ(after_empty_line.path, "/.well-known/x");
}

TEST(RequestHead, OldClientsGetOneRequestAConnection) {
  RequestHead head;
  const auto control =
      parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\nKeep-Alive: 5\r\n\r\n", head);
  ASSERT_TRUE(control);
  EXPECT_EQ(control->persistence, Persistence::close);
}

TEST(RequestHead, CloseIsFoundInAList) {
  RequestHead head;
  const auto control = parse(with("Connection: x , CLOSE\r\nContent-Length: 0\r\n"), head);
  ASSERT_TRUE(control);
  EXPECT_EQ(control->persistence, Persistence::close);
  EXPECT_EQ(control->framing.kind, Framing::Kind::none);
}

TEST(RequestHead, LimitsAreExact) {
  const HeadLimits limits{200, 3};
  RequestHead three;
  EXPECT_TRUE(parse(with("A: 1\r\nB: 2\r\n"), three, limits));
  RequestHead four;
  EXPECT_EQ(parse(with("A: 1\r\nB: 2\r\nC: 3\r\n"), four, limits).error(), WireError::too_large);
  const auto of_size = [](std::size_t size) {
    const auto rest = with("A: \r\n").size();
    return with("A: " + std::string(size - rest, 'x') + "\r\n");
  };
  RequestHead full;
  EXPECT_TRUE(parse(of_size(200), full, limits));
  RequestHead longer;
  EXPECT_EQ(parse(of_size(201), longer, limits).error(), WireError::too_large);
}

TEST(HeadScanner, FindsTheSameEndByteByByte) {
  const std::string bytes = "GET / HTTP/1.1\r\nHost: h\r\n\r\nrest";
  HeadScanner scanner;
  for (std::size_t size = 0; size < bytes.size() - 4; ++size)
    ASSERT_EQ(scanner.scan(std::string_view(bytes).substr(0, size), {}).value(), std::nullopt);
  EXPECT_EQ(scanner.scan(bytes, {}).value(), bytes.size() - 4);
}

// A second opinion: what we accept, Beast's parser reads as the same message.
TEST(RequestHead, BeastAgreesOnWhatIsAccepted) {
  for (const auto* const bytes :
       {"GET /a?b=c HTTP/1.1\r\nHost: h\r\nCookie: a=b\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n",
        "DELETE /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"}) {
    RequestHead head;
    const auto control = parse(bytes, head);
    ASSERT_TRUE(control) << bytes;
    namespace beast = boost::beast;
    beast::http::request_parser<beast::http::empty_body> parser;
    beast::error_code error;
    parser.put(boost::asio::buffer(bytes, std::strlen(bytes)), error);
    ASSERT_FALSE(error) << error.message();
    EXPECT_EQ(parser.get().method_string(), head.method);
    EXPECT_EQ(parser.get().target(), head.target);
    EXPECT_EQ(parser.chunked(), control->framing.kind == Framing::Kind::chunked);
    const auto length = parser.content_length();
    EXPECT_EQ(length.has_value() && *length > 0, control->framing.kind == Framing::Kind::length);
    if (control->framing.kind == Framing::Kind::length) {
      EXPECT_EQ(*length, control->framing.length);
    }
    EXPECT_EQ(parser.keep_alive(), control->persistence == Persistence::keep_alive);
    std::size_t fields = 0;
    for (const auto& field : parser.get()) {
      EXPECT_EQ(head.headers.find(std::string_view(field.name_string())),
                std::string_view(field.value()));
      ++fields;
    }
    EXPECT_EQ(fields, head.headers.size());
  }
}

// Whatever a byte is changed to, a message that we accept and Beast accepts too ends at the same
// place for both, and is the same message.
TEST(RequestHead, MutationsNeverSplitTheReadings) {
  const std::string seed =
      "POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\nTransfer-Encodin: chunked\r\n"
      "Connection: close\r\n\r\n";
  using namespace std::string_literals;
  const auto interesting = "\r\n\t \0:,;=0123\x0b\x7f\xffHg\"/"s;
  base::FakeRandom random;
  int both = 0;
  for (int round = 0; round < 30'000; ++round) {
    auto bytes = seed;
    const auto dice = base::random_bytes(random, 7);
    const auto roll = [&](std::size_t i) { return static_cast<unsigned char>(dice[i]); };
    for (std::size_t change = 0; change <= roll(0) % 2U; ++change) {
      const auto where = roll(1 + change * 3) % bytes.size();
      const char with_byte = interesting[roll(2 + change * 3) % interesting.size()];
      if (roll(3 + change * 3) % 2 == 0) {
        bytes[where] = with_byte;
      } else {
        bytes.insert(where, 1, with_byte);
      }
    }
    RequestHead head;
    HeadScanner scanner;
    const auto length = scanner.scan(bytes, {});
    if (!length || !*length) continue;
    const auto control = parse_request_head(std::string_view(bytes).substr(0, **length), {}, head);
    if (!control) continue;
    namespace beast = boost::beast;
    beast::http::request_parser<beast::http::empty_body> parser;
    beast::error_code error;
    const auto used = parser.put(boost::asio::buffer(bytes), error);
    if (error || !parser.is_header_done()) continue;
    ++both;
    ASSERT_EQ(used, **length) << bytes;
    ASSERT_EQ(parser.chunked(), control->framing.kind == Framing::Kind::chunked) << bytes;
    ASSERT_EQ(parser.content_length().value_or(0), control->framing.length) << bytes;
    ASSERT_EQ(parser.get().method_string(), head.method) << bytes;
    ASSERT_EQ(std::string_view(parser.get()["Host"]), *head.header("Host")) << bytes;
  }
  EXPECT_GT(both, 1000);
}

std::expected<ResponseHead, WireError> answer(const std::string& bytes,
                                              std::string_view method = "GET") {
  HeadScanner scanner;
  const auto length = scanner.scan(bytes, {});
  if (!length) return std::unexpected(length.error());
  return parse_response_head(std::string_view(bytes).substr(0, length->value()), {}, method);
}

TEST(ResponseHead, KnowsWhereTheBodyEnds) {
  const std::string length = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
  EXPECT_EQ(answer(length)->framing.kind, Framing::Kind::length);
  EXPECT_EQ(answer(length, "HEAD")->framing.kind, Framing::Kind::none);
  EXPECT_EQ(answer("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n")->framing.kind,
            Framing::Kind::none);
  const auto until_close = answer("HTTP/1.1 200\r\n\r\n");
  EXPECT_EQ(until_close->framing.kind, Framing::Kind::until_close);
  EXPECT_EQ(until_close->persistence, Persistence::close);
  EXPECT_EQ(answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")->framing.kind,
            Framing::Kind::chunked);
}

TEST(ResponseHead, RefusesConflicts) {
  using enum WireError;
  const std::vector<std::pair<std::string, WireError>> table{
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", content_length},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
       length_and_chunked},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", transfer_encoding},
      {"HTTP/1.1 200 OK\nContent-Length: 5\r\n\r\n", bare_lf},
      {"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", folded},
      {"HTTP/1.1 20 OK\r\n\r\n", status_line},
      {"HTTP/1.1 2000 OK\r\n\r\n", status_line},
      {"HTTP/1.1 700 OK\r\n\r\n", status_line},
      {"ICY 200 OK\r\n\r\n", status_line},
  };
  for (const auto& [bytes, error] : table) {
    const auto head = answer(bytes);
    ASSERT_FALSE(head) << bytes;
    EXPECT_EQ(to_string(head.error()), to_string(error)) << bytes;
  }
}

std::expected<std::string, WireError> decode(std::string_view input, std::size_t step) {
  ChunkDecoder decoder;
  std::string body;
  while (!input.empty() && !decoder.done()) {
    const auto fed = decoder.feed(input.substr(0, step));
    if (!fed) return std::unexpected(fed.error());
    body += fed->data;
    input.remove_prefix(fed->consumed);
  }
  if (!decoder.done()) body += "<more>";
  return body + "|" + std::string(input);
}

TEST(ChunkDecoder, ReadsWhatIsWellFormedHoweverItArrives) {
  const std::string bytes =
      "5\r\nhello\r\n00A;name=\"v\"\r\n 0123\r\n789\r\n0\r\nTrailer: x\r\nB: y\r\n\r\nnext";
  for (const std::size_t step : {1U, 2U, 3U, 7U, 1000U})
    EXPECT_EQ(decode(bytes, step), "hello 0123\r\n789|next") << step;
  EXPECT_EQ(decode("0\r\n\r\n", 100), "|");
}

TEST(ChunkDecoder, RefusesWhatIsNot) {
  for (const auto* const bytes :
       {"5\nhello\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "\r\n",
        "x\r\n", "-5\r\n", "+5\r\n", "0x5\r\n", " 5\r\n", "5 \r\nhello\r\n0\r\n\r\n", "5;a\nhello",
        "5;a\rb\r\n", "1000000000000000\r\n", "0\r\n\n", "0\r\nA: b\n\r\n", "0\r\nA: \x01\r\n\r\n",
        "5\r\r\nhello"}) {
    for (const std::size_t step : {1U, 1000U}) EXPECT_FALSE(decode(bytes, step)) << bytes;
  }
  EXPECT_FALSE(decode("5;" + std::string(2000, 'a') + "\r\n", 4096));
  EXPECT_FALSE(decode("0\r\nA: " + std::string(9000, 'a'), 16384));
}

TEST(ChunkSize, IsHexadecimal) {
  std::string out;
  append_chunk_size(out, 255);
  EXPECT_EQ(out, "ff\r\n");
}

}  // namespace
}  // namespace vestibule::http
