#include "accounts/passwords.h"

#include <argon2.h>
#include <zxcvbn.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "accounts/users_sql.h"
#include "base/text.h"

namespace vestibule::accounts {
namespace {

constexpr std::uint32_t passes = 2;
constexpr std::uint32_t memory_kib = 19'456;
constexpr std::uint32_t lanes = 1;
constexpr std::size_t salt_size = 16;
constexpr std::size_t hash_size = 32;

constexpr std::size_t shortest = 8;
constexpr std::size_t longest = 128;
constexpr std::size_t longest_bytes = 512;
constexpr std::size_t shortest_own_word = 3;
// zxcvbn's score 2 begins at 10^6 guesses.
const double enough_bits = 6 * std::log2(10.0);

const store::Statement upsert_password{
    "credentials.set_password",
    "insert into credentials (user_id, kind, name, data, created_at, changed_at, renewal_due) "
    "values ($1, 1, '', $2, $3, $3, $4) on conflict (user_id, kind, name) do update set "
    "data = excluded.data, changed_at = excluded.changed_at, renewal_due = excluded.renewal_due"};
const store::Statement select_password{
    "credentials.find_password",
    "select data from credentials where user_id = $1 and kind = 1 and name = ''"};
const store::Statement select_renewal{
    "credentials.find_renewal",
    "select renewal_due from credentials where user_id = $1 and kind = 1 and name = ''"};

std::unexpected<base::Error> refuse(std::string_view reason, std::string message) {
  return base::fail(base::ErrorKind::invalid, reason, std::move(message), "password");
}

// The words themselves and their parts: of an address its local part, of a name each name.
std::vector<std::string> guessable(const std::vector<std::string>& own_words) {
  std::vector<std::string> words;
  const auto add = [&](std::string_view word) {
    if (word.size() >= shortest_own_word) words.push_back(base::to_lower_ascii(word));
  };
  for (const std::string& whole : own_words) {
    add(whole);
    std::string_view rest = whole;
    while (!rest.empty()) {
      const auto end = std::min(rest.find_first_of(" @.-_+"), rest.size());
      if (end < whole.size()) add(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return words;
}

double guess_bits(const std::string& password, const std::vector<std::string>& own_words) {
  const auto words = guessable(own_words);
  std::vector<const char*> pointers;
  pointers.reserve(words.size() + 1);
  for (const std::string& word : words) pointers.push_back(word.c_str());
  pointers.push_back(nullptr);
  return ZxcvbnMatch(password.c_str(), pointers.data(), nullptr);
}

bool has_in_range(std::string_view text, char first, char last) {
  return std::ranges::any_of(text, [=](char c) { return c >= first && c <= last; });
}

bool has_symbol(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    return !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9');
  });
}

}  // namespace

std::string hash_password(const base::Secret& password, base::Random& random) {
  const std::string salt = base::random_bytes(random, salt_size);
  std::string encoded(argon2_encodedlen(passes, memory_kib, lanes, salt_size, hash_size, Argon2_id),
                      '\0');
  const int result =
      argon2id_hash_encoded(passes, memory_kib, lanes, password.reveal().data(), password.size(),
                            salt.data(), salt.size(), hash_size, encoded.data(), encoded.size());
  if (result != ARGON2_OK) {
    throw std::runtime_error(std::string("Argon2id: ") + argon2_error_message(result));
  }
  encoded.resize(encoded.find('\0'));
  return encoded;
}

bool verify_password(const base::Secret& password, std::string_view phc) {
  const std::string encoded(phc);
  return argon2id_verify(encoded.c_str(), password.reveal().data(), password.size()) == ARGON2_OK;
}

std::string_view decoy_hash() {
  return "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
         "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
}

base::Result<void> check_password(const base::Secret& password,
                                  const std::vector<std::string>& own_words,
                                  const RefusedPasswords& refused) {
  const auto length = base::count_code_points(password.reveal());
  if (!length || base::has_control_character(password.reveal())) {
    return refuse("password_malformed", "A password is text without control characters.");
  }
  if (*length < shortest) {
    return refuse("password_short", "Use at least 8 characters.");
  }
  if (*length > longest || password.size() > longest_bytes) {
    return refuse("password_long", "Use at most 128 characters.");
  }
  if (refused.contains(password)) {
    return refuse("password_refused", "This password is not allowed here. Choose another one.");
  }
  if (guess_bits(std::string(password.reveal()), own_words) < enough_bits) {
    return refuse("password_weak",
                  "This password is easy to guess. Add another word or two, and leave out your "
                  "name and address.");
  }
  return {};
}

base::Result<void> check_password_zitadel(const base::Secret& password) {
  const std::string_view text = password.reveal();
  const auto runes = base::count_code_points(text);
  if (!runes || *runes == 0 || *runes > 200) {
    return refuse("password_length", "value length must be between 1 and 200 runes, inclusive");
  }
  if (text.size() < shortest) return refuse("DOMAIN-HuJf6", "Password is too short");
  if (!has_in_range(text, 'a', 'z')) {
    return refuse("DOMAIN-co3Xw", "Password must contain lower case");
  }
  if (!has_in_range(text, 'A', 'Z')) {
    return refuse("DOMAIN-VoaRj", "Password must contain upper case");
  }
  if (!has_in_range(text, '0', '9')) {
    return refuse("DOMAIN-ZBv4H", "Password must contain number");
  }
  if (!has_symbol(text)) return refuse("DOMAIN-ZDLwA", "Password must contain symbol");
  return {};
}

void set_password_hash(store::Transaction& tx, base::UserId user, std::string_view phc,
                       base::Time now, Renewal renewal) {
  tx.execute(upsert_password, user, phc, now, renewal == Renewal::due ? 1 : 0);
  tx.execute(sql::set_password_changed, user, now);
}

bool is_renewal_due(store::Transaction& tx, base::UserId user) {
  auto rows = tx.query(select_renewal, user);
  return rows.next() && rows.integer(0) != 0;
}

std::optional<std::string> find_password_hash(store::Transaction& tx, base::UserId user) {
  auto rows = tx.query(select_password, user);
  return rows.next() ? std::optional(std::string(rows.text(0))) : std::nullopt;
}

}  // namespace vestibule::accounts
