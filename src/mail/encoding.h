#pragma once

#include <string>
#include <string_view>

namespace vestibule::mail {

bool is_printable_ascii(std::string_view text);

/// UTF-8 as encoded words (RFC 2047, `Q`), folded into lines of at most 76 characters, none ending
/// within a character. Control characters and whatever else is not plain are encoded.
std::string encoded_words(std::string_view text);
/// The value of a field like Subject: as it is if that is printable ASCII on one line of 78
/// characters (RFC 5322 2.1.1) that cannot be mistaken for an encoded word, else encoded words.
std::string unstructured(std::string_view text);

/// True for ASCII without NUL and stray CR in lines of at most 998 characters (RFC 2045 2.7).
bool fits_seven_bits(std::string_view body);
/// LF to CRLF, and one at the end.
std::string with_crlf(std::string_view body);
/// RFC 2045 6.7, lines of at most 76 characters, ended by CRLF.
std::string quoted_printable(std::string_view body);

}  // namespace vestibule::mail
