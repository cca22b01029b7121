#pragma once

#include <memory>
#include <string>
#include <vector>

#include "accounts/emails.h"
#include "accounts/metadata.h"
#include "accounts/users.h"
#include "guests/guests.h"
#include "guests/purge.h"
#include "sessions/sessions.h"
#include "store/sqlite.h"
#include "store/testing.h"

namespace vestibule::guests {

/// For tests: the verbs on a real SQLite store that can be closed and opened again.
class World {
 public:
  explicit World(std::vector<events::Application> applications = {})
      : outbox({std::move(applications)}, {}) {
    open();
  }

  /// What a restart leaves: the file.
  void reopen() {
    guests.reset();
    sessions.reset();
    ended.reset();
    store.reset();
    open();
  }

  template <class F>
  auto write(F unit) {
    return store->write(std::move(unit));
  }
  template <class F>
  auto read(F unit) {
    return store->read(std::move(unit));
  }
  base::Time now() const { return clock.now(); }

  base::SessionId new_session_id() { return {base::Uuid::make(now(), random)}; }

  base::Result<Provisioned> provision(base::SessionId ticket) {
    return write([&](store::Transaction& tx) {
      return guests->provision(tx, authority,
                               TicketRequest{ticket, now() + std::chrono::hours(24 * 30)}, now());
    });
  }
  Provisioned guest() { return provision(new_session_id()).value(); }

  UpgradeRequest upgrade_request(const Provisioned& guest, std::string email = "ada@example.org") {
    return {.user = guest.user.id,
            .session = guest.session->id,
            .given_name = "Ada",
            .family_name = "Lovelace",
            .email = std::move(email),
            .password_hash = "$argon2id$test",
            .new_session = new_session_id(),
            .session_expires_at = now() + std::chrono::hours(24 * 30)};
  }
  base::Result<Upgraded> upgrade(const Provisioned& guest, std::string email = "ada@example.org") {
    const auto request = upgrade_request(guest, std::move(email));
    return write([&](store::Transaction& tx) { return guests->upgrade(tx, request, now()); });
  }
  Upgraded account(std::string email = "ada@example.org") {
    return upgrade(guest(), std::move(email)).value();
  }

  base::Result<Merge> request_merge(base::UserId source, base::UserId target,
                                    std::optional<base::SessionId> upgraded_in = {}) {
    return write([&](store::Transaction& tx) {
      return guests->request_merge(tx, source, target, now(), upgraded_in);
    });
  }
  base::Result<Merge> acknowledge(base::MergeId merge, std::string_view application) {
    return write(
        [&](store::Transaction& tx) { return guests->acknowledge(tx, merge, application, now()); });
  }
  /// Of the one application that `authority` names.
  int purge(base::Milliseconds older_than = std::chrono::hours(24 * 30)) {
    return write([&](store::Transaction& tx) {
      PurgeCursor cursor;
      const PurgeGroup group{authority.client, now() - older_than};
      const auto candidates = find_purgeable(tx, group, cursor, 1000);
      return guests->purge(tx, candidates, group.cutoff, now());
    });
  }
  base::Result<void> erase(base::UserId id, EraseReason reason) {
    return write([&](store::Transaction& tx) -> base::Result<void> {
      const auto user = accounts::find_user(tx, id);
      if (!user) return base::fail(base::ErrorKind::gone, "guest_gone", "no such user");
      return guests->erase(tx, *user, reason, now());
    });
  }

  std::optional<accounts::User> find(base::UserId id) {
    return read([&](store::Transaction& tx) { return accounts::find_user(tx, id); });
  }
  std::optional<sessions::Session> find_session(base::SessionId id) {
    return read([&](store::Transaction& tx) { return sessions->find(tx, id, now()); });
  }
  std::optional<Merge> merge(base::MergeId id) {
    return read([&](store::Transaction& tx) { return find_merge(tx, id); });
  }
  std::int64_t user_count() { return read(&count_users); }
  /// Types of the events that wait for an application, oldest first.
  std::vector<std::string> waiting(std::string_view application) {
    static const store::Statement statement{"test.outbox",
                                            "select type, payload from outbox"
                                            " where application = $1 and state = 0 order by id"};
    return read([&](store::Transaction& tx) {
      std::vector<std::string> types;
      auto rows = tx.query(statement, application);
      while (rows.next()) types.emplace_back(rows.text(0));
      return types;
    });
  }

  store::TemporaryDirectory directory;
  base::FakeClock clock;
  base::SystemRandom random;
  accounts::UserIds ids;
  events::Outbox outbox;
  Authority authority{.organization = base::OrganizationId{7},
                      .service_account = base::UserId{11},
                      .client = base::ClientId{13}};
  std::unique_ptr<store::Store> store;
  std::unique_ptr<sessions::EndedSessions> ended;
  std::unique_ptr<sessions::Sessions> sessions;
  std::unique_ptr<Guests> guests;

 private:
  void open() {
    store::SqliteOptions options;
    options.path = directory.path() / "vestibule.db";
    store = store::open_sqlite(options);
    ids.load(*store);
    ended = std::make_unique<sessions::EndedSessions>();
    ended->load(*store);
    sessions = std::make_unique<sessions::Sessions>(*ended);
    guests = std::make_unique<Guests>(ids, *sessions, outbox, random, MergeOptions{});
  }
};

/// An application that holds data and takes webhooks.
inline events::Application holder(std::string name) {
  events::Application application;
  application.name = std::move(name);
  application.webhook_url = "http://127.0.0.1:1/webhook";
  application.webhook_secrets = events::WebhookSecrets({base::Secret(std::string(32, 'k'))});
  return application;
}

}  // namespace vestibule::guests
