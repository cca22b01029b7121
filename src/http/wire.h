#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "http/headers.h"
#include "http/request.h"

namespace vestibule::http {

/// Why bytes are not the HTTP/1.1 that this project accepts. Each is one place where two parsers
/// could come to read two different messages out of the same bytes, so none is repaired.
enum class WireError {
  bare_lf,            ///< a line that does not end in CRLF (RFC 9112 section 2.2)
  request_line,       ///< not `method SP target SP version`
  version,            ///< not HTTP/1.0 or HTTP/1.1
  target,             ///< not origin-form, `*` with OPTIONS, or absolute-form that Host agrees with
  method,             ///< CONNECT
  field_name,         ///< not a token, or white space before the colon (RFC 9112 section 5.1)
  field_value,        ///< a control character
  folded,             ///< obs-fold (RFC 9112 section 5.2)
  host,               ///< none, several or malformed (RFC 9112 section 3.2)
  content_length,     ///< several, a list, or not a number
  transfer_encoding,  ///< several, anything but `chunked`, or in HTTP/1.0
  length_and_chunked,  ///< both framings (RFC 9112 section 6.3)
  chunk,               ///< malformed chunked coding
  expectation,         ///< other than 100-continue
  too_large,           ///< the head is over its limits
  status_line,         ///< of an upstream's answer
};

/// The status that answers a request like that: 400, 417, 431, 501 or 505.
int status_of(WireError error);
std::string_view to_string(WireError error);

struct HeadLimits {
  std::size_t bytes = 16 * 1024;
  std::size_t count = 100;
};

/// Looks for the end of a head in bytes that arrive in pieces.
class HeadScanner {
 public:
  /// `bytes` is everything received so far, the earlier calls' included. Returns the length of the
  /// head with its final CRLF CRLF, or nullopt for "not yet".
  std::expected<std::optional<std::size_t>, WireError> scan(std::string_view bytes,
                                                            const HeadLimits& limits);
  void reset() { *this = {}; }

 private:
  std::size_t line_start_ = 0;
  std::size_t next_ = 0;
};

/// How a message says where its body ends.
struct Framing {
  enum class Kind { none, length, chunked, until_close };
  Kind kind = Kind::none;
  std::uint64_t length = 0;
};

enum class Persistence { keep_alive, close };

/// What a request's head says about its connection.
struct RequestControl {
  Framing framing;
  Persistence persistence = Persistence::keep_alive;
  bool expects_continue = false;
};

/// Parses a head that HeadScanner found (leading empty line included) into the parts of `head` that
/// come from the bytes: method, target, path, query, version, headers and host.
std::expected<RequestControl, WireError> parse_request_head(std::string_view bytes,
                                                            const HeadLimits& limits,
                                                            RequestHead& head);

/// The head of an upstream's answer.
struct ResponseHead {
  int status = 0;
  HeaderList headers;
  Framing framing;
  Persistence persistence = Persistence::keep_alive;
};

/// The same for an answer to a request of `method`; 1xx, 204, 304 and answers to HEAD have no body
/// whatever their fields say.
std::expected<ResponseHead, WireError> parse_response_head(std::string_view bytes,
                                                           const HeadLimits& limits,
                                                           std::string_view method);

/// A target's path, percent-decoded once; nullopt for a malformed or overlong escape, an encoded
/// slash, backslash, NUL or control character, a raw backslash, or a `.` or `..` segment (with path
/// parameters too: `..;a`), any of which an upstream could read as another path than we did.
std::optional<std::string> decode_path(std::string_view raw);

/// Takes a chunked body apart (RFC 9112 section 7.1). Extensions are checked and ignored, trailers
/// are checked for line ends and dropped; size lines are limited to 1 KiB, trailers to 8 KiB.
class ChunkDecoder {
 public:
  struct Step {
    std::size_t consumed = 0;  ///< of the input, data included
    std::string_view data;     ///< at the end of what was consumed; may be empty
  };
  /// Consumes framing and at most one piece of data. Call again while input is left and done() is
  /// false.
  std::expected<Step, WireError> feed(std::string_view input);
  bool done() const { return state_ == State::done; }

 private:
  enum class State {
    size_first,
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer,
    trailer_lf,
    end_lf,
    done
  };
  bool take(char c);

  State state_ = State::size_first;
  std::uint64_t remaining_ = 0;
  std::size_t line_ = 0;  ///< bytes in the current line, or in all trailers
  unsigned digits_ = 0;
};

/// Writes a chunk's size line for `size` (> 0) bytes: hexadecimal and CRLF.
void append_chunk_size(std::string& out, std::size_t size);

}  // namespace vestibule::http
