#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace vestibule::mail {

/// A sender: `Name <address>`.
struct Mailbox {
  std::string name;  ///< UTF-8; may be empty
  std::string address;
};

/// Reads `address` or `Name <address>`, the name perhaps in quotes.
std::optional<Mailbox> parse_mailbox(std::string_view text);

/// True if the address can stand in a field and a command as it is: a dot-atom, `@` and a domain
/// name (RFC 5321 4.1.2), or the same with letters beyond ASCII (RFC 6531). Quoted local parts and
/// address literals are not sent to.
bool is_plain_address(std::string_view address);

struct Message {
  Mailbox from;
  std::string to;       ///< an address
  std::string subject;  ///< UTF-8
  std::string body;     ///< plain text, UTF-8, lines ended by LF
  base::Time date = {};
  std::string id;  ///< without the angle brackets; unique
};

/// The message as RFC 5322 has it, with CRLF: a subject or name beyond ASCII in encoded words
/// (RFC 2047), a body beyond ASCII or with too long lines in quoted-printable (RFC 2045 6.7), and
/// `Auto-Submitted: auto-generated` (RFC 3834 5), so that nobody's holiday answers it. Throws
/// std::invalid_argument for an address that is not plain.
std::string to_rfc5322(const Message& message);

}  // namespace vestibule::mail
