#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/secret.h"
#include "store/transaction.h"

// Codes that a privileged API caller was given to pass on by itself, instead of a mail of ours
// (ZITADEL's returnCode). They stand beside mail links and go when those of their user go.
namespace vestibule::accounts {

/// What a code is good for. Continues LinkPurpose's numbers; a code is no link and opens no page.
enum class CodePurpose { email = 3, password = 4, phone = 5 };

/// As long as ZITADEL's.
inline constexpr base::Milliseconds code_life{3600 * 1000};

/// Makes a code of 16 characters (96 bits) in place of the former one of this purpose; the store
/// has its SHA-256. `about` is the address or number that it is about; empty for passwords.
base::Secret mint_code(store::Transaction& tx, CodePurpose purpose, base::UserId user,
                       std::string_view about, base::Random& random, base::Time now);

/// unknown: no code of this purpose is outstanding for the user; wrong: another one is.
enum class CodeVerdict { good, wrong, unknown };
/// Looks only.
CodeVerdict check_code(store::Transaction& tx, CodePurpose purpose, base::UserId user,
                       std::string_view about, std::string_view code, base::Time now);
/// The same, and a good one is used up.
CodeVerdict consume_code(store::Transaction& tx, CodePurpose purpose, base::UserId user,
                         std::string_view about, std::string_view code, base::Time now);

}  // namespace vestibule::accounts
