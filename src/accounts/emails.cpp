#include "accounts/emails.h"

#include <array>
#include <stdexcept>
#include <utility>
#include <vector>

#include "accounts/directory.h"
#include "accounts/emails_sql.h"
#include "accounts/mail_links.h"
#include "accounts/users.h"
#include "base/text.h"

namespace vestibule::accounts {
namespace {

constexpr base::Milliseconds log_memory{24 * 3600 * 1000};

std::string address_key(std::string_view address) {
  return name_key(NameKind::proved_email, address);
}

bool is_address_of(const User& user, std::string_view key) {
  return user.email && address_key(*user.email) == key;
}

base::Time jittered(base::Random& random, base::Time now) {
  std::array<std::uint8_t, 4> bytes{};
  random.fill(bytes);
  std::uint32_t number = 0;
  for (const auto byte : bytes) number = (number << 8U) | byte;
  return now + base::Milliseconds(number % static_cast<std::uint32_t>(mail_jitter.count() + 1));
}

void insert_mail_job(store::Transaction& tx, MailKind kind, std::optional<base::UserId> user,
                     std::string_view address, const std::optional<base::SessionId>& session,
                     base::Random& random, base::Time now) {
  tx.execute(sql::insert_job, std::to_underlying(kind), user, base::trim(address),
             address_key(address), session, now, jittered(random, now));
}

// The address that the user had claimed before, with the links to prove it, gives way.
void replace_claim(store::Transaction& tx, User& user, std::string_view address, base::Time now,
                   const std::optional<base::SessionId>& session) {
  tx.execute(sql::delete_claims_of_user, user.id);
  tx.execute(sql::insert_claim, address_key(address), user.id, base::trim(address), now, session);
  user.email = std::string(base::trim(address));
  user.email_state = EmailState::unproved;
}

}  // namespace

void claim_email(store::Transaction& tx, User& user, std::string_view address,
                 std::optional<base::SessionId> session, base::Random& random, base::Time now) {
  const bool is_own =
      user.email_state == EmailState::proved && is_address_of(user, address_key(address));
  if (!is_own) {
    tx.execute(sql::delete_proof_links, user.id);
    tx.execute(sql::delete_jobs_of_user, user.id);
    replace_claim(tx, user, address, now, session);
  }
  insert_mail_job(tx, MailKind::registration, user.id, address, session, random, now);
}

void assert_email(store::Transaction& tx, User& user, std::string_view address, EmailState state,
                  base::Time now) {
  if (state == EmailState::proved) {
    throw std::logic_error("assert_email: only a mail proves an address");
  }
  const std::string key = address_key(address);
  if (!key.empty() && user.email_state == EmailState::proved && is_address_of(user, key)) {
    user.email = std::string(base::trim(address));
    return;
  }
  tx.execute(sql::delete_links_of_user, user.id);
  tx.execute(sql::delete_jobs_of_user, user.id);
  tx.execute(sql::release_other_proved, user.id, "");
  if (!key.empty() && state == EmailState::unproved) {
    replace_claim(tx, user, address, now, std::nullopt);
    return;
  }
  tx.execute(sql::delete_claims_of_user, user.id);
  if (key.empty()) {
    user.email.reset();
    user.email_state = EmailState::none;
  } else {
    user.email = std::string(base::trim(address));
    user.email_state = EmailState::asserted;
  }
}

void request_mail(store::Transaction& tx, MailKind kind, std::string_view address,
                  std::optional<base::SessionId> session, base::Random& random, base::Time now) {
  insert_mail_job(tx, kind, std::nullopt, address, session, random, now);
}

void drop_unproved_address(store::Transaction& tx, User& user) {
  auto rows = tx.query(sql::select_proved_of_user, user.id);
  if (rows.next()) {
    user.email = std::string(rows.text(0));
    user.email_state = EmailState::proved;
  } else {
    user.email.reset();
    user.email_state = EmailState::none;
  }
}

int forget_unproved_claims(store::Transaction& tx, base::Time before, int limit, base::Time now) {
  std::vector<std::pair<std::string, base::UserId>> forgotten;
  {
    auto rows = tx.query(sql::delete_old_claims, before, limit);
    while (rows.next()) {
      forgotten.emplace_back(std::string(rows.text(0)), rows.id<base::UserId>(1));
    }
  }
  for (const auto& [key, id] : forgotten) {
    auto user = find_user(tx, id);
    if (!user || user->email_state != EmailState::unproved || !is_address_of(*user, key)) continue;
    drop_unproved_address(tx, *user);
    if (!update_user(tx, *user, now)) {
      throw std::logic_error("forgetting an address changed the user name");
    }
  }
  return static_cast<int>(forgotten.size());
}

std::int64_t delete_expired_mail(store::Transaction& tx, base::Time now, int limit) {
  return tx.execute(sql::delete_expired_links, now, limit) +
         tx.execute(sql::delete_old_log, now - log_memory, limit);
}

}  // namespace vestibule::accounts
