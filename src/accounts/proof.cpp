#include <stdexcept>
#include <utility>
#include <vector>

#include "accounts/directory.h"
#include "accounts/emails.h"
#include "accounts/emails_sql.h"
#include "accounts/mail_links.h"
#include "accounts/passwords.h"
#include "accounts/users.h"
#include "base/crypto.h"
#include "events/audit.h"

namespace vestibule::accounts {
namespace {

const store::Statement delete_credentials{"credentials.delete_user",
                                          "delete from credentials where user_id = $1"};
const store::Statement delete_personal_tokens{"personal_tokens.delete_user",
                                              "delete from personal_tokens where user_id = $1"};

std::unexpected<base::Error> link_gone() {
  return base::fail(base::ErrorKind::gone, "link_gone",
                    "This link has been used or has expired. Ask for a new one.");
}

struct StoredLink {
  LinkPurpose purpose;
  base::UserId user;
  std::string address_key;
  std::optional<base::SessionId> session;
  base::Time expires_at;
};

std::optional<StoredLink> read_link(store::Rows rows) {
  if (!rows.next()) return std::nullopt;
  StoredLink link{.purpose = static_cast<LinkPurpose>(rows.integer(0)),
                  .user = rows.id<base::UserId>(1),
                  .address_key = std::string(rows.text(2)),
                  .session = std::nullopt,
                  .expires_at = rows.time(4)};
  if (!rows.is_null(3)) link.session = rows.session_id(3);
  return link;
}

// The address that a link is about, as its user spelled it.
std::string spelled(const User& user, const std::string& key) {
  if (user.email && name_key(NameKind::proved_email, *user.email) == key) return *user.email;
  return key;
}

// A link speaks for an address only while it is this user's: claimed or asserted, or proved.
bool still_stands(store::Transaction& tx, const User& user, const std::string& key) {
  if (user.is_guest()) return false;
  if (user.email && name_key(NameKind::proved_email, *user.email) == key) return true;
  return find_name(tx, NameKind::proved_email, key) == user.id;
}

void write(store::Transaction& tx, User& user, base::Time now) {
  if (!update_user(tx, user, now)) throw std::logic_error("a proof changed the user name");
}

// Everybody else who claimed the address loses it.
void drop_other_claims(store::Transaction& tx, const std::string& key, base::UserId owner,
                       base::Time now) {
  std::vector<base::UserId> others;
  {
    auto rows = tx.query(sql::delete_claims_of_address, key);
    while (rows.next()) {
      const auto id = rows.id<base::UserId>(0);
      if (id != owner) others.push_back(id);
    }
  }
  for (const auto id : others) {
    auto other = find_user(tx, id);
    if (!other) continue;
    tx.execute(sql::delete_proof_links, id);
    tx.execute(sql::delete_jobs_of_user, id);
    const bool is_claim = other->email_state == EmailState::unproved && other->email &&
                          name_key(NameKind::proved_email, *other->email) == key;
    if (!is_claim) continue;
    drop_unproved_address(tx, *other);
    write(tx, *other, now);
  }
}

// What a proof does to the account, whichever way it was given.
base::Result<void> give_address(store::Transaction& tx, const sessions::Sessions& sessions,
                                User& user, const std::string& key, base::Time now) {
  if (!claim_name(tx, NameKind::proved_email, key, user.id)) {
    return base::fail(base::ErrorKind::gone, "address_taken",
                      "This address belongs to another account. Sign in there instead.");
  }
  tx.execute(sql::release_other_proved, user.id, key);
  drop_other_claims(tx, key, user.id, now);
  // What else was under way on this account (another address, another link) was begun by whoever
  // had it before the proof.
  tx.execute(sql::delete_claims_of_user, user.id);
  tx.execute(sql::delete_links_of_user, user.id);
  tx.execute(sql::delete_jobs_of_user, user.id);
  user.email = spelled(user, key);
  user.email_state = EmailState::proved;
  write(tx, user, now);
  change_standing(tx, sessions, user.id, now);
  user.valid_after = std::max(user.valid_after, now);
  return {};
}

struct Redeemed {
  StoredLink link;
  User user;
};

base::Result<Redeemed> redeem(store::Transaction& tx, std::string_view token, base::Time now) {
  const std::string hash = base::sha256(token);
  auto link = read_link(tx.query(sql::consume_link, store::Blob{hash}, now));
  if (!link) return link_gone();
  auto user = find_user(tx, link->user);
  if (!user || !still_stands(tx, *user, link->address_key)) return link_gone();
  if (user->merge) {
    return base::fail(base::ErrorKind::conflict, "merging",
                      "This account is being merged into another one.");
  }
  return Redeemed{std::move(*link), std::move(*user)};
}

}  // namespace

base::Secret mint_link(store::Transaction& tx, LinkPurpose purpose, base::UserId user,
                       std::string_view address_key, const std::optional<base::SessionId>& session,
                       base::Random& random, base::Time now) {
  base::Secret token(base::random_token(random));
  const std::string hash = base::sha256(token.reveal());
  const auto life = purpose == LinkPurpose::proof ? proof_link_life : reset_link_life;
  tx.execute(sql::insert_link, store::Blob{hash}, std::to_underlying(purpose), user, address_key,
             session, now, now + life);
  return token;
}

std::optional<MailLink> find_link(store::Transaction& tx, std::string_view token, base::Time now) {
  const std::string hash = base::sha256(token);
  const auto link = read_link(tx.query(sql::select_link, store::Blob{hash}, now));
  if (!link) return std::nullopt;
  const auto user = find_user(tx, link->user);
  if (!user || !still_stands(tx, *user, link->address_key)) return std::nullopt;
  return MailLink{.purpose = link->purpose,
                  .user = link->user,
                  .address = spelled(*user, link->address_key),
                  .session = link->session,
                  .expires_at = link->expires_at};
}

base::Result<User> prove_email(store::Transaction& tx, const sessions::Sessions& sessions,
                               std::string_view token, base::Time now) {
  auto redeemed = redeem(tx, token, now);
  if (!redeemed) return std::unexpected(std::move(redeemed.error()));
  auto& [link, user] = *redeemed;
  if (link.purpose != LinkPurpose::proof) return link_gone();
  if (auto given = give_address(tx, sessions, user, link.address_key, now); !given) {
    return std::unexpected(std::move(given.error()));
  }
  const events::AuditEntry entry{.type = "email.proved", .user = user.id};
  events::record(tx, entry, now);
  return std::move(user);
}

base::Result<User> reset_password(store::Transaction& tx, const sessions::Sessions& sessions,
                                  std::string_view token, std::string_view password_hash,
                                  base::Time now) {
  auto redeemed = redeem(tx, token, now);
  if (!redeemed) return std::unexpected(std::move(redeemed.error()));
  auto& [link, user] = *redeemed;
  if (auto given = give_address(tx, sessions, user, link.address_key, now); !given) {
    return std::unexpected(std::move(given.error()));
  }
  tx.execute(delete_credentials, user.id);
  tx.execute(delete_personal_tokens, user.id);
  set_password_hash(tx, user.id, password_hash, now);
  user.password_changed_at = now;
  const events::AuditEntry entry{.type = "password.reset", .user = user.id};
  events::record(tx, entry, now);
  return std::move(user);
}

}  // namespace vestibule::accounts
