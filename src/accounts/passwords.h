#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "accounts/refused_passwords.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "store/transaction.h"

namespace vestibule::accounts {

/// Argon2id, m = 19 MiB, t = 2, p = 1 (OWASP), in PHC string form; about 20 ms of CPU, so it runs
/// on the CPU pool before a unit of work, never inside one.
std::string hash_password(const base::Secret& password, base::Random& random);
/// Constant-time; false for a malformed hash.
bool verify_password(const base::Secret& password, std::string_view phc);
/// A hash that no password matches, for accounts that do not exist: the same work is done.
std::string_view decoy_hash();

/// The rule of our own pages: 8 to 128 code points, at most 512 bytes, well-formed UTF-8, zxcvbn
/// score 2 or more with the person's own words counted as guessable, not in the refused list.
/// The error's field is "password", its reason password_malformed, _short, _long, _refused or
/// _weak. Runs on the CPU pool too.
base::Result<void> check_password(const base::Secret& password,
                                  const std::vector<std::string>& own_words,
                                  const RefusedPasswords& refused = {});
/// ZITADEL's default policy on ZITADEL's paths: 8 or more characters, upper, lower, digit, symbol;
/// at most 200 runes. The error's reason is ZITADEL's message id (DOMAIN-VoaRj …).
base::Result<void> check_password_zitadel(const base::Secret& password);

/// Whether somebody else chose the password, so that its owner has to replace it when signing in.
enum class Renewal { none, due };
/// Stores the password's hash and users.password_changed_at; replaces the former one.
void set_password_hash(store::Transaction& tx, base::UserId user, std::string_view phc,
                       base::Time now, Renewal renewal = Renewal::none);
bool is_renewal_due(store::Transaction& tx, base::UserId user);
std::optional<std::string> find_password_hash(store::Transaction& tx, base::UserId user);

}  // namespace vestibule::accounts
