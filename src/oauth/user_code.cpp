#include "oauth/user_code.h"

#include "base/crypto.h"

namespace vestibule::oauth {
namespace {

constexpr std::string_view alphabet = "BCDFGHJKLMNPQRSTVWXZ";
constexpr std::size_t length = 8;
constexpr std::size_t half = length / 2;

}  // namespace

UserCode UserCode::make(base::Random& random) {
  // Bytes past the last whole multiple would favour some letters.
  constexpr unsigned fair = 256 / alphabet.size() * alphabet.size();
  std::string letters;
  while (letters.size() < length) {
    for (const char byte : base::random_bytes(random, length)) {
      const auto value = static_cast<unsigned char>(byte);
      if (value < fair && letters.size() < length) letters += alphabet[value % alphabet.size()];
    }
  }
  return UserCode(std::move(letters));
}

std::optional<UserCode> UserCode::parse(std::string_view text) {
  std::string letters;
  for (char c : text) {
    if (c == '-' || c == ' ') continue;
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (alphabet.find(c) == std::string_view::npos || letters.size() == length) return std::nullopt;
    letters += c;
  }
  if (letters.size() != length) return std::nullopt;
  return UserCode(std::move(letters));
}

std::string UserCode::text() const {
  return letters_.substr(0, half) + "-" + letters_.substr(half);
}

std::string UserCode::key(const base::Secret& mac_key) const {
  return base::hmac_sha256(mac_key, "device-user-code:" + letters_);
}

}  // namespace vestibule::oauth
