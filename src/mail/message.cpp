#include "mail/message.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "base/text.h"
#include "mail/encoding.h"

namespace vestibule::mail {
namespace {

constexpr std::size_t longest_address = 254;  // RFC 5321 4.5.3.1.3, without the angle brackets

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;
}

/// RFC 5322 3.2.3: atext.
bool is_atext(char c) {
  return is_letter_or_digit(c) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

template <class Permitted>
bool is_dotted(std::string_view text, Permitted permitted) {
  if (text.empty() || text.front() == '.' || text.back() == '.') return false;
  if (text.find("..") != std::string_view::npos) return false;
  return std::ranges::all_of(text, [&](char c) { return c == '.' || permitted(c); });
}

std::string phrase(std::string_view name) {
  if (!is_printable_ascii(name)) return encoded_words(name);
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted + "\"";
}

void require_plain(std::string_view address) {
  if (!is_plain_address(address)) throw std::invalid_argument("an address that is not plain");
}

}  // namespace

bool is_plain_address(std::string_view address) {
  const auto at = address.rfind('@');
  if (at == std::string_view::npos || address.size() > longest_address) return false;
  const auto domain = address.substr(at + 1);
  return base::count_code_points(address) && is_dotted(address.substr(0, at), is_atext) &&
         is_dotted(domain, [](char c) { return is_letter_or_digit(c) || c == '-'; }) &&
         !domain.starts_with('-');
}

std::optional<Mailbox> parse_mailbox(std::string_view text) {
  Mailbox mailbox;
  text = base::trim(text);
  if (base::has_control_character(text) || !base::count_code_points(text)) return std::nullopt;
  if (!text.ends_with('>')) {
    mailbox.address = text;
  } else {
    const auto open = text.rfind('<');
    if (open == std::string_view::npos) return std::nullopt;
    mailbox.address = text.substr(open + 1, text.size() - open - 2);
    auto name = base::trim(text.substr(0, open));
    if (name.size() >= 2 && name.starts_with('"') && name.ends_with('"')) {
      name = name.substr(1, name.size() - 2);
    }
    mailbox.name = name;
  }
  if (!is_plain_address(mailbox.address)) return std::nullopt;
  return mailbox;
}

std::string to_rfc5322(const Message& message) {
  require_plain(message.from.address);
  require_plain(message.to);
  const auto date = std::chrono::floor<std::chrono::seconds>(message.date);
  const bool plain = fits_seven_bits(message.body);
  std::string text = fmt::format("Date: {:%a, %d %b %Y %H:%M:%S} +0000\r\n", date);
  text += "From: ";
  if (!message.from.name.empty()) text += phrase(message.from.name) + " ";
  text += fmt::format("<{}>\r\nTo: <{}>\r\nMessage-ID: <{}>\r\n", message.from.address, message.to,
                      message.id);
  text += fmt::format("Subject: {}\r\n", unstructured(message.subject));
  text += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n";
  text += fmt::format("Content-Transfer-Encoding: {}\r\n", plain ? "7bit" : "quoted-printable");
  text += "Auto-Submitted: auto-generated\r\n\r\n";
  text += plain ? with_crlf(message.body) : quoted_printable(message.body);
  return text;
}

}  // namespace vestibule::mail
