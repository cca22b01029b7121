#include "oauth/pkce.h"

#include <algorithm>

#include "base/crypto.h"
#include "base/encoding.h"

namespace vestibule::oauth {
namespace {

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

bool is_code_verifier(std::string_view text) {
  return text.size() >= 43 && text.size() <= 128 && std::ranges::all_of(text, is_unreserved);
}

bool is_code_challenge(std::string_view text) {
  const auto decoded = base::from_base64url(text);
  return decoded && decoded->size() == 32;
}

bool matches_challenge(std::string_view verifier, std::string_view challenge) {
  return is_code_verifier(verifier) &&
         base::equal_in_constant_time(base::to_base64url(base::sha256(verifier)), challenge);
}

}  // namespace vestibule::oauth
