#include "http/head_writer.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <stdexcept>

namespace vestibule::http {

namespace {

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

void append_head(std::string& out, Response& response, BodyFraming framing,
                 ConnectionHeader connection, std::string_view date) {
  protect_cookies(response.headers);
  out += "HTTP/1.1 ";
  append_number(out, static_cast<unsigned>(response.status));
  out += ' ';
  out += reason_phrase(response.status);
  out += "\r\n";
  bool dated = false;
  for (const auto& [name, value] : response.headers) {
    if (!valid_field_name(name) || !valid_field_value(value))
      throw std::logic_error(fmt::format("an answer has the malformed field {}",
                                         valid_field_name(name) ? name : std::string("name")));
    if (equal_names(name, "Connection") || equal_names(name, "Transfer-Encoding")) continue;
    if (equal_names(name, "Content-Length") && framing.kind != BodyFraming::Kind::none) continue;
    if (equal_names(name, "Date")) dated = true;
    append_field(out, name, value);
  }
  if (!dated) append_field(out, "Date", date);
  if (framing.kind == BodyFraming::Kind::length) {
    out += "Content-Length: ";
    append_number(out, framing.length);
    out += "\r\n";
  } else if (framing.kind == BodyFraming::Kind::chunked &&
             connection != ConnectionHeader::upgrade) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  if (connection == ConnectionHeader::close) out += "Connection: close\r\n";
  if (connection == ConnectionHeader::upgrade) out += "Connection: Upgrade\r\n";
  out += "\r\n";
}

std::string http_date(std::int64_t seconds) {
  static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     days[std::chrono::weekday{day}.c_encoding()],
                     static_cast<unsigned>(date.day()),
                     months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace vestibule::http
