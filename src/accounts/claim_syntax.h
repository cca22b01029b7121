#pragma once

#include <string_view>

// What the values of standard claims look like (OpenID Connect Core section 5.1); for
// standard_claims.cpp and tests.
namespace vestibule::accounts::claim_syntax {

/// One line of 1 to 200 characters.
bool is_line(std::string_view text);
/// 1 to 1000 characters in lines separated by LF or CRLF, as `formatted` and `street_address` have.
bool is_text(std::string_view text);
/// An absolute http(s) URL of at most 2000 characters.
bool is_web_url(std::string_view text);
/// `YYYY-MM-DD`, with the year 0000 if it is not to be told, or the year alone.
bool is_birthdate(std::string_view text);
/// A name as in the IANA time zone database, such as `Europe/Paris`.
bool is_zone(std::string_view text);
/// A language tag (RFC 5646), such as `de-CH`.
bool is_language(std::string_view text);
/// E.164 with a leading `+`, as people group it, with an extension as RFC 3966 has it.
bool is_phone_number(std::string_view text);

}  // namespace vestibule::accounts::claim_syntax
