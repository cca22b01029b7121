// A head reads the same however it arrives in pieces, and written again it reads the same once
// more.
#include <array>

#include "base/text.h"
#include "fuzz.h"
#include "http/wire.h"

namespace vestibule::fuzz {
namespace {

using Scan = std::expected<std::optional<std::size_t>, http::WireError>;

Scan scan_in_pieces(std::string_view input, std::size_t step) {
  http::HeadScanner scanner;
  Scan result;
  for (std::size_t size = 0; size < input.size();) {
    size = std::min(input.size(), size + step);
    result = scanner.scan(input.substr(0, size), {});
    if (!result || *result) return result;
  }
  return result;
}

void check_request(std::string_view bytes) {
  http::RequestHead head;
  const auto control = http::parse_request_head(bytes, {}, head);
  if (!control) {
    require(http::status_of(control.error()) >= 400, "a refusal has an error's status");
    return;
  }
  require(!base::has_control_character(head.path), "no control character in a path");
  require(head.path == "*" || head.path.starts_with('/'), "a path starts with a slash");
  require(head.path.find('\\') == std::string::npos, "no backslash in a path");
  for (const std::string_view dots : {"/./", "/../"})
    require((head.path + "/").find(dots) == std::string::npos, "no dot segment in a path");
  require(!head.headers.contains("Content-Length") || !head.headers.contains("Transfer-Encoding"),
          "one framing");
  require(head.version == http::Version::http_1_0 || head.headers.count("Host") == 1, "one Host");

  std::string again = head.method + " " + head.target;
  again += head.version == http::Version::http_1_1 ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n";
  for (const auto& field : head.headers) again += field.name + ": " + field.value + "\r\n";
  again += "\r\n";
  http::RequestHead copy;
  const auto reread = http::parse_request_head(again, {}, copy);
  require(reread.has_value(), "a head written again is accepted");
  require(copy.method == head.method && copy.target == head.target && copy.path == head.path &&
              copy.query == head.query && copy.host == head.host && copy.headers == head.headers,
          "a head written again is the same head");
  require(reread->framing.kind == control->framing.kind &&
              reread->framing.length == control->framing.length,
          "a head written again frames the same body");
}

}  // namespace

void run(std::string_view input) {
  const auto whole = scan_in_pieces(input, input.size());
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}}) {
    const auto pieces = scan_in_pieces(input, step);
    require(whole.has_value() == pieces.has_value() || input.size() >= http::HeadLimits{}.bytes,
            "pieces make no difference");
    if (whole && pieces) require(*whole == *pieces, "pieces make no difference to the length");
  }
  if (!whole || !*whole) return;
  require(**whole <= input.size(), "a head ends inside its bytes");
  const auto head = input.substr(0, **whole);
  check_request(head);
  for (const std::string_view method : {"GET", "HEAD"}) {
    const auto answer = http::parse_response_head(head, {}, method);
    if (!answer) continue;
    require(answer->status >= 100 && answer->status <= 599, "a status has three digits");
    require(method == "GET" || answer->framing.kind == http::Framing::Kind::none,
            "an answer to HEAD has no body");
  }
}

}  // namespace vestibule::fuzz
