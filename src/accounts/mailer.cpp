#include "accounts/mailer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "accounts/emails_sql.h"
#include "accounts/mail_desk.h"

namespace vestibule::accounts {
namespace {

constexpr int batch = 100;
constexpr base::Milliseconds first_retry{30'000};
constexpr base::Milliseconds longest_retry{3 * 3600 * 1000};
constexpr base::Milliseconds rest_without_server{30'000};
constexpr std::int64_t most_attempts = 16;

base::Milliseconds pause_after(std::int64_t attempt) {
  return std::min<base::Milliseconds>(longest_retry, first_retry * (1LL << (attempt - 1)));
}

/// After a failure of ours before anything was decided: the claim was taken back with it.
void postpone_undecided(store::Transaction& tx, std::int64_t job, base::Time now) {
  std::int64_t attempts = 0;
  if (auto rows = tx.query(sql::select_attempts, job); rows.next()) attempts = rows.integer(0);
  if (attempts + 1 >= most_attempts) {
    spdlog::error("mail: gave up after {} attempts, job {}", most_attempts, job);
    tx.execute(sql::delete_job, job);
    return;
  }
  tx.execute(sql::postpone_job, job, now + pause_after(attempts + 1));
}

}  // namespace

/// A job that is ours until `lease`, with what it is owed.
struct Mailer::Claimed {
  MailJob job;
  base::Time lease;
  std::optional<Mail> mail;
};

Mailer::Mailer(store::Store& store, MailerOptions options, MailSender sender, base::Random& random,
               const base::Clock& clock)
    : store_(store),
      options_(std::move(options)),
      sender_(std::move(sender)),
      random_(random),
      clock_(clock) {}

int Mailer::send_due(const std::stop_token& stop) {
  const auto now = clock_.now();
  if (now < rests_until_) return 0;
  const auto due = store_.read([&](store::Transaction& tx) {
    std::vector<std::int64_t> ids;
    auto rows = tx.query(sql::select_due_jobs, now, batch);
    while (rows.next()) ids.push_back(rows.integer(0));
    return ids;
  });
  int done = 0;
  for (const auto id : due) {
    if (stop.stop_requested()) break;
    const auto outcome = handle(id, stop);
    if (outcome == Outcome::done) ++done;
    if (outcome == Outcome::unreachable) {
      rests_until_ = clock_.now() + rest_without_server;
      break;
    }
  }
  return done;
}

Mailer::Outcome Mailer::handle(std::int64_t id, const std::stop_token& stop) {
  std::optional<Claimed> claimed;
  try {
    claimed = claim(id);
  } catch (const store::Unavailable&) {
    throw;
  } catch (const std::exception& error) {
    spdlog::warn("mail: job {} is tried again later: {}", id, error.what());
    store_.write([&](store::Transaction& tx) { postpone_undecided(tx, id, clock_.now()); });
    return Outcome::left;
  }
  if (!claimed) return Outcome::left;
  if (!claimed->mail) return Outcome::done;
  const auto sent = sender_(*claimed->mail, stop);
  if (!sent) return settle(*claimed, sent.error());
  store_.write([&](store::Transaction& tx) { tx.execute(sql::delete_job, id); });
  return Outcome::done;
}

/// Nothing if the job is not due any more: another mailer has it, or it is gone.
std::optional<Mailer::Claimed> Mailer::claim(std::int64_t id) {
  return store_.write([&](store::Transaction& tx) -> std::optional<Claimed> {
    const auto now = clock_.now();
    Claimed claimed{.job = {}, .lease = now + mail_lease, .mail = std::nullopt};
    {
      auto rows = tx.query(sql::claim_job, id, now, claimed.lease);
      if (!rows.next()) return std::nullopt;
      auto& job = claimed.job;
      job.id = rows.integer(0);
      job.kind = static_cast<MailKind>(rows.integer(1));
      job.user = rows.optional_id<base::UserId>(2);
      job.address = rows.text(3);
      job.key = rows.text(4);
      if (!rows.is_null(5)) job.session = rows.session_id(5);
      job.attempt = rows.integer(6);
    }
    claimed.mail = MailDesk(tx, options_, random_, now).decide(claimed.job);
    if (!claimed.mail) tx.execute(sql::delete_job, id);
    return claimed;
  });
}

/// A lease that has run out meanwhile is another mailer's: what became of the mail is then its say.
Mailer::Outcome Mailer::settle(const Claimed& claimed, const mail::Failure& failure) {
  using Kind = mail::Failure::Kind;
  const auto& job = claimed.job;
  const auto reschedule = [&](base::Time due) {
    store_.write([&](store::Transaction& tx) {
      tx.execute(sql::reschedule_job, job.id, claimed.lease, due);
    });
  };
  if (failure.kind == Kind::interrupted) {
    spdlog::info("mail: job {} is left for the next start", job.id);
    reschedule(clock_.now());
    return Outcome::left;
  }
  if (failure.kind == Kind::refused || job.attempt >= most_attempts) {
    spdlog::error("mail: job {} is given up at attempt {}: {}", job.id, job.attempt,
                  failure.detail);
    store_.write(
        [&](store::Transaction& tx) { tx.execute(sql::delete_leased_job, job.id, claimed.lease); });
  } else {
    const auto pause = pause_after(job.attempt);
    spdlog::warn("mail: job {} failed at attempt {} and is tried again in {} s: {}", job.id,
                 job.attempt, std::chrono::duration_cast<base::Seconds>(pause).count(),
                 failure.detail);
    reschedule(clock_.now() + pause);
  }
  return failure.kind == Kind::unreachable ? Outcome::unreachable : Outcome::left;
}

}  // namespace vestibule::accounts
