#include "accounts/api_codes.h"

#include <optional>
#include <utility>

#include "accounts/emails_sql.h"
#include "base/crypto.h"
#include "sessions/sessions.h"

namespace vestibule::accounts {
namespace {

constexpr std::size_t code_bytes = 12;

constexpr store::Statement delete_codes{
    "mail_links.delete_codes", "delete from mail_links where user_id = $1 and purpose = $2"};
constexpr store::Statement select_code{
    "mail_links.find_code",
    "select 1 from mail_links where token_hash = $1 and user_id = $2 and purpose = $3 "
    "and address_key = $4 and expires_at > $5"};
constexpr store::Statement select_any_code{
    "mail_links.find_any_code",
    "select 1 from mail_links where user_id = $1 and purpose = $2 and address_key = $3 "
    "and expires_at > $4 limit 1"};

}  // namespace

base::Secret mint_code(store::Transaction& tx, CodePurpose purpose, base::UserId user,
                       std::string_view about, base::Random& random, base::Time now) {
  base::Secret code(base::random_token(random, code_bytes));
  const std::string hash = base::sha256(code.reveal());
  tx.execute(delete_codes, user, std::to_underlying(purpose));
  tx.execute(sql::insert_link, store::Blob{hash}, std::to_underlying(purpose), user, about,
             std::optional<base::SessionId>(), now, now + code_life);
  return code;
}

CodeVerdict check_code(store::Transaction& tx, CodePurpose purpose, base::UserId user,
                       std::string_view about, std::string_view code, base::Time now) {
  const std::string hash = base::sha256(code);
  const auto number = std::to_underlying(purpose);
  if (tx.query(select_code, store::Blob{hash}, user, number, about, now).next()) {
    return CodeVerdict::good;
  }
  return tx.query(select_any_code, user, number, about, now).next() ? CodeVerdict::wrong
                                                                    : CodeVerdict::unknown;
}

CodeVerdict consume_code(store::Transaction& tx, CodePurpose purpose, base::UserId user,
                         std::string_view about, std::string_view code, base::Time now) {
  const auto verdict = check_code(tx, purpose, user, about, code, now);
  if (verdict == CodeVerdict::good) tx.execute(delete_codes, user, std::to_underlying(purpose));
  return verdict;
}

}  // namespace vestibule::accounts
