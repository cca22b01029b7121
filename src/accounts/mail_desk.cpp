#include "accounts/mail_desk.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "accounts/directory.h"
#include "accounts/emails_sql.h"
#include "accounts/mail_links.h"
#include "accounts/mail_texts.h"
#include "accounts/users.h"
#include "accounts/users_sql.h"

namespace vestibule::accounts {
namespace {

constexpr int most_links = 3;
constexpr int claims_looked_at = 20;
constexpr base::Milliseconds day{24 * 3600 * 1000};
// Asking again within this time gives no second mail: the first one's link still works.
constexpr base::Milliseconds reset_pause{60'000};

std::vector<MailClaim> list_claims(store::Transaction& tx, const std::string& key) {
  std::vector<MailClaim> claims;
  auto rows = tx.query(sql::select_claims, key, claims_looked_at);
  while (rows.next()) {
    MailClaim claim{.user = rows.id<base::UserId>(0),
                    .address = std::string(rows.text(1)),
                    .claimed_at = rows.time(2),
                    .session = std::nullopt};
    if (!rows.is_null(3)) claim.session = rows.session_id(3);
    claims.push_back(std::move(claim));
  }
  return claims;
}

bool may_have_mail(const User& user) {
  return user.state == UserState::active && user.standing() == Standing::account;
}

}  // namespace

std::optional<Mail> MailDesk::decide(const MailJob& job) const {
  const auto owner = find_name(tx_, NameKind::proved_email, job.key);
  std::optional<Mail> mail;
  switch (job.kind) {
    case MailKind::registration:
      mail = registration(job, owner);
      break;
    case MailKind::reset:
      mail = reset(job, owner);
      break;
    case MailKind::unproved_sign_in:
      if (!owner) mail = make_proofs(job, list_claims(tx_, job.key));
      break;
  }
  if (mail) mail->sent_at = now_;
  return mail;
}

std::optional<Mail> MailDesk::registration(const MailJob& job,
                                           std::optional<base::UserId> owner) const {
  const auto user = job.user ? find_user(tx_, *job.user) : std::nullopt;
  if (!user || owner == user->id) return std::nullopt;
  auto claims = list_claims(tx_, job.key);
  std::erase_if(claims, [&](const MailClaim& claim) { return claim.user != user->id; });
  if (claims.empty()) return std::nullopt;
  if (!owner) return make_proofs(job, std::move(claims));
  const auto holder = find_user(tx_, *owner);
  if (!holder || !take_from_limit(job)) return std::nullopt;
  return owner_mail(options_.public_url, holder->email.value_or(job.key));
}

std::optional<Mail> MailDesk::reset(const MailJob& job, std::optional<base::UserId> owner) const {
  if (owner) return make_reset(job, *owner);
  auto claims = list_claims(tx_, job.key);
  if (!claims.empty()) return make_proofs(job, std::move(claims));
  const auto asserted = find_asserted(job.key);
  if (!asserted || !take_from_limit(job)) return std::nullopt;
  return make_reset(job, *asserted);
}

std::optional<base::UserId> MailDesk::find_asserted(const std::string& key) const {
  auto rows = tx_.query(sql::select_asserted, key);
  if (!rows.next()) return std::nullopt;
  const auto user = rows.id<base::UserId>(0);
  return rows.next() ? std::nullopt : std::optional(user);
}

std::optional<Mail> MailDesk::make_reset(const MailJob& job, base::UserId id) const {
  const auto user = find_user(tx_, id);
  if (!user || !may_have_mail(*user)) return std::nullopt;
  const auto purpose = std::to_underlying(LinkPurpose::reset);
  // A later attempt would find the link that its first one made.
  if (job.attempt == 1 &&
      tx_.query(sql::select_recent_link, id, purpose, job.key, now_ - reset_pause).next()) {
    return std::nullopt;
  }
  const auto token = mint_link(tx_, LinkPurpose::reset, id, job.key, job.session, random_, now_);
  // An account that is changing its address still hears at the one that it has proved.
  const bool is_current = user->email && name_key(NameKind::proved_email, *user->email) == job.key;
  return reset_mail(options_.public_url, is_current ? *user->email : job.key, token,
                    now_ + reset_link_life);
}

// One mail with a link for each account that claims the address: first the one of the browser that
// asks, then the newest. Only the mailbox's owner can say which is theirs.
std::optional<Mail> MailDesk::make_proofs(const MailJob& job, std::vector<MailClaim> claims) const {
  std::erase_if(claims, [&](const MailClaim& claim) {
    const auto user = find_user(tx_, claim.user);
    return !user || !may_have_mail(*user);
  });
  if (claims.empty() || !take_from_limit(job)) return std::nullopt;
  std::ranges::sort(claims, std::ranges::greater{}, [&](const MailClaim& claim) {
    const bool asks = job.session && claim.session == job.session;
    return std::tuple(asks, claim.claimed_at, claim.user);
  });
  if (claims.size() > most_links) claims.resize(most_links);
  std::vector<ProofLink> links;
  for (const MailClaim& claim : claims) {
    links.push_back(
        {mint_link(tx_, LinkPurpose::proof, claim.user, job.key, claim.session, random_, now_),
         claim.claimed_at});
  }
  return proof_mail(options_.public_url, claims.front().address, links, now_ + proof_link_life);
}

bool MailDesk::take_from_limit(const MailJob& job) const {
  if (job.attempt > 1) return true;
  auto rows = tx_.query(sql::count_log, job.key, now_ - day);
  if (rows.next() && rows.integer(0) >= options_.per_recipient_per_day) return false;
  tx_.execute(sql::insert_log, job.key, now_, job.id);
  return true;
}

}  // namespace vestibule::accounts
