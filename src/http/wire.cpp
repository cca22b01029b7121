#include "http/wire.h"

#include <algorithm>
#include <charconv>

#include "base/encoding.h"
#include "base/text.h"

namespace vestibule::http {

namespace {

using Unexpected = std::unexpected<WireError>;

std::string_view trim_ows(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The next line without its CRLF; HeadScanner has seen to it that each ends in one.
std::string_view next_line(std::string_view& bytes) {
  const auto end = bytes.find("\r\n");
  const auto line = bytes.substr(0, end);
  bytes.remove_prefix(std::min(bytes.size(), end + 2));
  return line;
}

std::optional<WireError> parse_fields(std::string_view bytes, const HeadLimits& limits,
                                      HeaderList& headers) {
  headers.reserve(12);
  for (;;) {
    const auto line = next_line(bytes);
    if (line.empty()) return std::nullopt;
    // RFC 9112 5.2: a server that receives an obs-fold … MUST either reject the message …
    if (line.front() == ' ' || line.front() == '\t') return WireError::folded;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return WireError::field_name;
    // RFC 9112 5.1: no white space is allowed between the field name and colon.
    const auto name = line.substr(0, colon);
    if (!valid_field_name(name)) return WireError::field_name;
    const auto value = trim_ows(line.substr(colon + 1));
    if (!valid_field_value(value)) return WireError::field_value;
    if (headers.size() == limits.count) return WireError::too_large;
    headers.add(std::string(name), std::string(value));
  }
}

std::optional<Version> parse_version(std::string_view text) {
  if (text == "HTTP/1.1") return Version::http_1_1;
  if (text == "HTTP/1.0") return Version::http_1_0;
  return std::nullopt;
}

bool looks_like_version(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return text.size() == 8 && text.starts_with("HTTP/") && digit(text[5]) && text[6] == '.' &&
         digit(text[7]);
}

std::optional<std::uint64_t> parse_length(std::string_view text) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct FramingFields {
  const std::string* length = nullptr;
  const std::string* coding = nullptr;
};

/// The framing that the fields describe, if they describe one and only one.
std::expected<std::optional<Framing>, WireError> framing_of(const FramingFields& fields,
                                                            Version version) {
  if (fields.coding != nullptr) {
    // RFC 9112 6.1: a client must not send Transfer-Encoding to HTTP/1.0; 6.3: with
    // Content-Length it "ought to be handled as an error".
    if (fields.length != nullptr) return Unexpected(WireError::length_and_chunked);
    if (version == Version::http_1_0 || !equal_names(*fields.coding, "chunked"))
      return Unexpected(WireError::transfer_encoding);
    return Framing{Framing::Kind::chunked, 0};
  }
  if (fields.length != nullptr) {
    const auto length = parse_length(*fields.length);
    if (!length) return Unexpected(WireError::content_length);
    return Framing{Framing::Kind::length, *length};
  }
  return std::nullopt;
}

/// host [":" port] with the characters that names and addresses in URLs are made of.
bool valid_host(std::string_view host) {
  const auto alnum = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  std::string_view port;
  if (host.starts_with('[')) {
    const auto close = host.find(']');
    if (close == std::string_view::npos || !IpAddress::parse(host.substr(1, close - 1)))
      return false;
    port = host.substr(close + 1);
  } else {
    const auto colon = host.find(':');
    port = colon == std::string_view::npos ? std::string_view{} : host.substr(colon);
    const auto name = host.substr(0, colon);
    if (name.empty() || !std::ranges::all_of(name, [&](char c) {
          return alnum(c) || c == '.' || c == '-' || c == '_';
        }))
      return false;
  }
  if (port.empty()) return true;
  const auto digits = port.substr(1);
  return port.front() == ':' && !digits.empty() && digits.size() <= 5 &&
         std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
}

/// Visible ASCII that browsers leave as it is; the rest has to come percent-encoded.
bool valid_target(std::string_view target) {
  return std::ranges::all_of(target, [](char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != '<' && c != '>' && c != '#';
  });
}

std::optional<WireError> parse_target(std::string_view target, RequestHead& head) {
  if (!valid_target(target)) return WireError::target;
  if (target == "*" && head.method == "OPTIONS") {
    head.target = head.path = "*";
    return std::nullopt;
  }
  if (!target.starts_with('/')) {
    // RFC 9112 3.2.2: absolute-form; the authority has to be the Host's.
    const auto scheme_end = target.find("://");
    if (scheme_end == std::string_view::npos) return WireError::target;
    const auto scheme = target.substr(0, scheme_end);
    if (!equal_names(scheme, "http") && !equal_names(scheme, "https")) return WireError::target;
    const auto rest = target.substr(scheme_end + 3);
    const auto authority = rest.substr(0, rest.find_first_of("/?"));
    if (!equal_names(authority, head.host)) return WireError::target;
    const auto origin_form = rest.substr(authority.size());
    head.target = origin_form.starts_with('/') ? "" : "/";
    head.target += origin_form;
  } else {
    head.target = target;
  }
  const auto mark = head.target.find('?');
  const auto path = std::string_view(head.target).substr(0, mark);
  auto decoded = decode_path(path);
  if (!decoded) return WireError::target;
  head.path = std::move(*decoded);
  head.query = mark == std::string::npos ? std::string{} : head.target.substr(mark + 1);
  return std::nullopt;
}

struct RequestFields : FramingFields {
  const std::string* host = nullptr;
  const std::string* expect = nullptr;
  Persistence persistence = Persistence::keep_alive;
};

std::expected<RequestFields, WireError> collect(const HeaderList& headers) {
  RequestFields fields;
  for (const auto& field : headers) {
    switch (field.name.size()) {
      case 4:
        if (equal_names(field.name, "host")) {
          if (fields.host != nullptr) return Unexpected(WireError::host);
          fields.host = &field.value;
        }
        break;
      case 6:
        if (equal_names(field.name, "expect")) {
          if (fields.expect != nullptr) return Unexpected(WireError::expectation);
          fields.expect = &field.value;
        }
        break;
      case 10:
        if (equal_names(field.name, "connection") && list_contains(field.value, "close"))
          fields.persistence = Persistence::close;
        break;
      case 14:
        if (equal_names(field.name, "content-length")) {
          if (fields.length != nullptr) return Unexpected(WireError::content_length);
          fields.length = &field.value;
        }
        break;
      case 17:
        if (equal_names(field.name, "transfer-encoding")) {
          if (fields.coding != nullptr) return Unexpected(WireError::transfer_encoding);
          fields.coding = &field.value;
        }
        break;
      default:
        break;
    }
  }
  return fields;
}

}  // namespace

std::expected<std::optional<std::size_t>, WireError> HeadScanner::scan(std::string_view bytes,
                                                                       const HeadLimits& limits) {
  for (;;) {
    const auto lf = bytes.find('\n', next_);
    if (lf == std::string_view::npos) break;
    if (lf == line_start_ || bytes[lf - 1] != '\r') return Unexpected(WireError::bare_lf);
    const bool empty_line = lf == line_start_ + 1;
    // RFC 9112 2.2: a server SHOULD ignore at least one empty line before the request-line.
    if (empty_line && line_start_ != 0) {
      if (lf + 1 > limits.bytes) return Unexpected(WireError::too_large);
      return lf + 1;
    }
    line_start_ = next_ = lf + 1;
  }
  next_ = bytes.size();
  if (bytes.size() >= limits.bytes) return Unexpected(WireError::too_large);
  return std::nullopt;
}

std::expected<RequestControl, WireError> parse_request_head(std::string_view bytes,
                                                            const HeadLimits& limits,
                                                            RequestHead& head) {
  if (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
  const auto line = next_line(bytes);
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return Unexpected(WireError::request_line);
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  const auto version_text = line.substr(last + 1);
  if (!valid_field_name(method) || method.size() > 32) return Unexpected(WireError::request_line);
  const auto version = parse_version(version_text);
  if (!version) {
    return Unexpected(looks_like_version(version_text) ? WireError::version
                                                       : WireError::request_line);
  }
  if (method == "CONNECT") return Unexpected(WireError::method);
  head.method = method;
  head.version = *version;

  if (const auto error = parse_fields(bytes, limits, head.headers)) return Unexpected(*error);
  const auto fields = collect(head.headers);
  if (!fields) return Unexpected(fields.error());

  // RFC 9112 3.2: 400 to any HTTP/1.1 request that lacks a Host and to any with several or an
  // invalid one.
  if (fields->host != nullptr) {
    if (!valid_host(*fields->host)) return Unexpected(WireError::host);
    head.host = base::to_lower_ascii(*fields->host);
  } else if (*version == Version::http_1_1) {
    return Unexpected(WireError::host);
  }
  if (const auto error = parse_target(target, head)) return Unexpected(*error);

  RequestControl control;
  const auto framing = framing_of(*fields, *version);
  if (!framing) return Unexpected(framing.error());
  if (*framing) control.framing = **framing;
  if (control.framing.kind == Framing::Kind::length && control.framing.length == 0)
    control.framing.kind = Framing::Kind::none;
  if (fields->expect != nullptr && *version == Version::http_1_1) {
    if (!equal_names(*fields->expect, "100-continue")) return Unexpected(WireError::expectation);
    control.expects_continue = control.framing.kind != Framing::Kind::none;
  }
  // HTTP/1.0's keep-alive depends on what every hop makes of Connection: not offered.
  control.persistence = *version == Version::http_1_0 ? Persistence::close : fields->persistence;
  return control;
}

std::expected<ResponseHead, WireError> parse_response_head(std::string_view bytes,
                                                           const HeadLimits& limits,
                                                           std::string_view method) {
  const auto line = next_line(bytes);
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  // RFC 9112 4: HTTP-version SP 3DIGIT SP [ reason-phrase ]; some leave the last space out.
  const auto version = parse_version(line.substr(0, 8));
  if (!version || line.size() < 12 || line[8] != ' ' || !digit(line[9]) || !digit(line[10]) ||
      !digit(line[11]) || (line.size() > 12 && line[12] != ' '))
    return Unexpected(WireError::status_line);
  ResponseHead head;
  head.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  if (head.status < 100 || head.status > 599) return Unexpected(WireError::status_line);
  if (const auto error = parse_fields(bytes, limits, head.headers)) return Unexpected(*error);
  const auto fields = collect(head.headers);
  if (!fields) return Unexpected(fields.error());
  const auto framing = framing_of(*fields, *version);
  if (!framing) return Unexpected(framing.error());
  head.persistence = *version == Version::http_1_0 ? Persistence::close : fields->persistence;
  // RFC 9112 6.3: answers to HEAD, 1xx, 204 and 304 end with their head.
  if (method == "HEAD" || head.status < 200 || head.status == 204 || head.status == 304) {
    head.framing.kind = Framing::Kind::none;
  } else if (*framing) {
    head.framing = **framing;
  } else {
    head.framing.kind = Framing::Kind::until_close;
    head.persistence = Persistence::close;
  }
  return head;
}

std::optional<std::string> decode_path(std::string_view raw) {
  if (!raw.starts_with('/')) return std::nullopt;
  std::optional<std::string> path;
  if (raw.find('%') == std::string_view::npos) {
    path = std::string(raw);
  } else {
    for (auto at = raw.find('%'); at != std::string_view::npos; at = raw.find('%', at + 1)) {
      const auto code = raw.substr(at + 1, 2);
      if (equal_names(code, "2f") || equal_names(code, "5c")) return std::nullopt;
    }
    path = base::percent_decode(raw, base::PlusMeaning::literal);
    if (!path) return std::nullopt;
  }
  if (path->find('\\') != std::string::npos || base::has_control_character(*path))
    return std::nullopt;
  for (auto at = path->find("/."); at != std::string::npos; at = path->find("/.", at + 1)) {
    const auto rest = std::string_view(*path).substr(at + 1);
    // RFC 3986 3.3: many upstreams drop a segment's parameters before they resolve its dots.
    const auto segment = rest.substr(0, rest.find_first_of("/;"));
    if (segment == "." || segment == "..") return std::nullopt;
  }
  return path;
}

int status_of(WireError error) {
  switch (error) {
    case WireError::version:
      return 505;
    case WireError::method:
      return 501;
    case WireError::expectation:
      return 417;
    case WireError::too_large:
      return 431;
    default:
      return 400;
  }
}

std::string_view to_string(WireError error) {
  switch (error) {
    case WireError::bare_lf:
      return "a line does not end in CRLF";
    case WireError::request_line:
      return "the request line is malformed";
    case WireError::version:
      return "only HTTP/1.1 and HTTP/1.0 are spoken here";
    case WireError::target:
      return "the request target is malformed";
    case WireError::method:
      return "CONNECT is not supported";
    case WireError::field_name:
      return "a field name is malformed";
    case WireError::field_value:
      return "a field value has a control character";
    case WireError::folded:
      return "a field is folded over two lines";
    case WireError::host:
      return "exactly one valid Host field is needed";
    case WireError::content_length:
      return "Content-Length is malformed or repeated";
    case WireError::transfer_encoding:
      return "Transfer-Encoding is repeated or not exactly chunked";
    case WireError::length_and_chunked:
      return "Content-Length and Transfer-Encoding exclude each other";
    case WireError::chunk:
      return "the chunked coding is malformed";
    case WireError::expectation:
      return "only the expectation 100-continue is known";
    case WireError::too_large:
      return "the head is too large";
    case WireError::status_line:
      return "the status line is malformed";
  }
  return "malformed";
}

}  // namespace vestibule::http
