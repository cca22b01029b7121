#include "accounts/mailer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include "accounts/directory.h"
#include "accounts/emails_sql.h"
#include "accounts/mail_links.h"
#include "accounts/mail_texts.h"
#include "accounts/users.h"
#include "accounts/users_sql.h"

namespace vestibule::accounts {
namespace {

constexpr int batch = 100;
constexpr int most_links = 3;
constexpr int claims_looked_at = 20;
constexpr base::Milliseconds day{24 * 3600 * 1000};
// Asking again within this time gives no second mail: the first one's link still works.
constexpr base::Milliseconds reset_pause{60'000};
constexpr base::Milliseconds first_retry{30'000};
constexpr base::Milliseconds longest_retry{3 * 3600 * 1000};
constexpr int most_attempts = 16;

struct Job {
  std::int64_t id = 0;
  MailKind kind = MailKind::registration;
  std::optional<base::UserId> user;
  std::string address;
  std::string key;
  std::optional<base::SessionId> session;
};

struct Claim {
  base::UserId user;
  std::string address;
  base::Time claimed_at;
  std::optional<base::SessionId> session;
};

std::optional<Job> consume_job(store::Transaction& tx, std::int64_t id, base::Time now) {
  auto rows = tx.query(sql::consume_job, id, now);
  if (!rows.next()) return std::nullopt;
  Job job{.id = rows.integer(0),
          .kind = static_cast<MailKind>(rows.integer(1)),
          .user = rows.optional_id<base::UserId>(2),
          .address = std::string(rows.text(3)),
          .key = std::string(rows.text(4)),
          .session = std::nullopt};
  if (!rows.is_null(5)) job.session = rows.session_id(5);
  return job;
}

std::vector<Claim> list_claims(store::Transaction& tx, const std::string& key) {
  std::vector<Claim> claims;
  auto rows = tx.query(sql::select_claims, key, claims_looked_at);
  while (rows.next()) {
    Claim claim{.user = rows.id<base::UserId>(0),
                .address = std::string(rows.text(1)),
                .claimed_at = rows.time(2),
                .session = std::nullopt};
    if (!rows.is_null(3)) claim.session = rows.session_id(3);
    claims.push_back(std::move(claim));
  }
  return claims;
}

/// Decides what one job's address is owed, in the job's transaction.
class Desk {
 public:
  Desk(store::Transaction& tx, const MailerOptions& options, const MailTransport& transport,
       base::Random& random, base::Time now)
      : tx_(tx), options_(options), transport_(transport), random_(random), now_(now) {}

  void handle(const Job& job) const {
    const auto owner = find_name(tx_, NameKind::proved_email, job.key);
    switch (job.kind) {
      case MailKind::registration:
        return registration(job, owner);
      case MailKind::reset:
        return reset(job, owner);
      case MailKind::unproved_sign_in:
        if (!owner) send_proofs(job, list_claims(tx_, job.key));
        return;
    }
  }

 private:
  void registration(const Job& job, std::optional<base::UserId> owner) const {
    const auto user = job.user ? find_user(tx_, *job.user) : std::nullopt;
    if (!user || owner == user->id) return;
    auto claims = list_claims(tx_, job.key);
    std::erase_if(claims, [&](const Claim& claim) { return claim.user != user->id; });
    if (claims.empty()) return;
    if (!owner) return send_proofs(job, std::move(claims));
    const auto holder = find_user(tx_, *owner);
    if (holder && take_from_limit(job)) {
      send(owner_mail(options_.public_url, holder->email.value_or(job.key)));
    }
  }

  void reset(const Job& job, std::optional<base::UserId> owner) const {
    if (owner) return send_reset(job, *owner);
    auto claims = list_claims(tx_, job.key);
    if (!claims.empty()) return send_proofs(job, std::move(claims));
    const auto asserted = find_asserted(job.key);
    if (asserted && take_from_limit(job)) send_reset(job, *asserted);
  }

  std::optional<base::UserId> find_asserted(const std::string& key) const {
    auto rows = tx_.query(sql::select_asserted, key);
    if (!rows.next()) return std::nullopt;
    const auto user = rows.id<base::UserId>(0);
    return rows.next() ? std::nullopt : std::optional(user);
  }

  void send_reset(const Job& job, base::UserId id) const {
    const auto user = find_user(tx_, id);
    if (!user || !may_have_mail(*user)) return;
    const auto purpose = std::to_underlying(LinkPurpose::reset);
    if (tx_.query(sql::select_recent_link, id, purpose, job.key, now_ - reset_pause).next()) return;
    const auto token = mint_link(tx_, LinkPurpose::reset, id, job.key, job.session, random_, now_);
    // An account that is changing its address still hears at the one that it has proved.
    const bool is_current =
        user->email && name_key(NameKind::proved_email, *user->email) == job.key;
    send(reset_mail(options_.public_url, is_current ? *user->email : job.key, token,
                    now_ + reset_link_life));
  }

  // One mail with a link for each account that claims the address: first the one of the browser
  // that asks, then the newest. Only the mailbox's owner can say which is theirs.
  void send_proofs(const Job& job, std::vector<Claim> claims) const {
    std::erase_if(claims, [&](const Claim& claim) {
      const auto user = find_user(tx_, claim.user);
      return !user || !may_have_mail(*user);
    });
    if (claims.empty() || !take_from_limit(job)) return;
    std::ranges::sort(claims, std::ranges::greater{}, [&](const Claim& claim) {
      const bool asks = job.session && claim.session == job.session;
      return std::tuple(asks, claim.claimed_at, claim.user);
    });
    if (claims.size() > most_links) claims.resize(most_links);
    std::vector<ProofLink> links;
    for (const Claim& claim : claims) {
      links.push_back(
          {mint_link(tx_, LinkPurpose::proof, claim.user, job.key, claim.session, random_, now_),
           claim.claimed_at});
    }
    send(proof_mail(options_.public_url, claims.front().address, links, now_ + proof_link_life));
  }

  void send(Mail mail) const {
    mail.sent_at = now_;
    transport_(tx_, mail);
  }

  static bool may_have_mail(const User& user) {
    return user.state == UserState::active && user.standing() == Standing::account;
  }

  bool take_from_limit(const Job& job) const {
    auto rows = tx_.query(sql::count_log, job.key, now_ - day);
    if (rows.next() && rows.integer(0) >= options_.per_recipient_per_day) return false;
    tx_.execute(sql::insert_log, job.key, now_, job.id);
    return true;
  }

  store::Transaction& tx_;
  const MailerOptions& options_;
  const MailTransport& transport_;
  base::Random& random_;
  base::Time now_;
};

void postpone(store::Transaction& tx, std::int64_t job, base::Time now) {
  std::int64_t attempts = 0;
  if (auto rows = tx.query(sql::select_attempts, job); rows.next()) attempts = rows.integer(0);
  if (attempts + 1 >= most_attempts) {
    spdlog::error("mail: gave up after {} attempts, job {}", most_attempts, job);
    tx.execute(sql::delete_job, job);
    return;
  }
  const auto pause = std::min<base::Milliseconds>(longest_retry, first_retry * (1LL << attempts));
  tx.execute(sql::postpone_job, job, now + pause);
}

}  // namespace

MailTransport mailbox_transport() {
  return [](store::Transaction& tx, const Mail& mail) {
    tx.execute(sql::insert_mailbox, mail.to, mail.subject, mail.body, mail.sent_at);
  };
}

int send_due_mail(store::Store& store, const MailerOptions& options, const MailTransport& transport,
                  base::Random& random, base::Time now) {
  const auto due = store.read([&](store::Transaction& tx) {
    std::vector<std::int64_t> ids;
    auto rows = tx.query(sql::select_due_jobs, now, batch);
    while (rows.next()) ids.push_back(rows.integer(0));
    return ids;
  });
  int handled = 0;
  for (const auto id : due) {
    try {
      store.write([&](store::Transaction& tx) {
        const auto job = consume_job(tx, id, now);
        if (job) Desk(tx, options, transport, random, now).handle(*job);
      });
      ++handled;
    } catch (const store::Unavailable&) {
      throw;
    } catch (const std::exception& error) {
      spdlog::warn("mail: job {} is tried again later: {}", id, error.what());
      store.write([&](store::Transaction& tx) { postpone(tx, id, now); });
    }
  }
  return handled;
}

}  // namespace vestibule::accounts
