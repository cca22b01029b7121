#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "accounts/directory.h"
#include "accounts/emails.h"
#include "accounts/mailer.h"
#include "accounts/users.h"
#include "base/clock.h"
#include "base/random.h"
#include "sessions/sessions.h"
#include "store/testing.h"

namespace vestibule::accounts {

/// For tests: accounts on a real SQLite store, with a mailbox in memory.
struct TestWorld {
  std::unique_ptr<store::Store> store = store::open_temporary();
  base::FakeClock clock;
  base::FakeRandom random;
  sessions::EndedSessions ended;
  sessions::Sessions sessions{ended};
  UserIds ids;
  base::OrganizationId organization{77};
  std::vector<Mail> mails;

  base::Time now() const { return clock.now(); }
  void pass(base::Milliseconds time) { clock.advance(time); }
  template <class F>
  auto write(F unit) {
    return store->write(std::move(unit));
  }
  template <class F>
  auto read(F unit) {
    return store->read(std::move(unit));
  }

  User fresh_user() {
    return {.id = ids.next(now()),
            .organization = organization,
            .created_at = now(),
            .changed_at = now(),
            .active_at = now()};
  }
  base::Result<void> insert(const User& user) {
    return write([&](store::Transaction& tx) { return insert_user(tx, user); });
  }
  User add_user() {
    const User user = fresh_user();
    insert(user).value();
    return user;
  }
  User add_guest() {
    User user = fresh_user();
    user.guest_day = GuestDay::of(now());
    insert(user).value();
    return user;
  }
  User add_asserted(std::string address) {
    User user = fresh_user();
    write([&](store::Transaction& tx) {
      assert_email(tx, user, address, EmailState::asserted, now());
      return insert_user(tx, user);
    }).value();
    return user;
  }
  std::optional<User> load(base::UserId id) {
    return read([&](store::Transaction& tx) { return find_user(tx, id); });
  }
  base::Result<void> update(User& user) {
    return write([&](store::Transaction& tx) { return update_user(tx, user, now()); });
  }
  std::optional<base::UserId> sign_in_name(std::string_view name) {
    return read([&](store::Transaction& tx) { return find_sign_in_name(tx, name); });
  }
  void erase(base::UserId id) {
    const auto user = load(id);
    write([&](store::Transaction& tx) { delete_user_rows(tx, *user, "deleted", now()); });
  }

  sessions::Session add_session(base::UserId user) {
    const sessions::Session session{.id = {base::Uuid::make(now(), random)},
                                    .user = user,
                                    .created_at = now(),
                                    .rotated_at = now(),
                                    .expires_at = now() + std::chrono::days(30)};
    write([&](store::Transaction& tx) { sessions.insert(tx, session); });
    return session;
  }
  bool is_alive(const sessions::Session& session) {
    return read(
        [&](store::Transaction& tx) { return sessions.find(tx, session.id, now()).has_value(); });
  }

  void claim(base::UserId id, std::string_view address,
             std::optional<base::SessionId> session = {}) {
    write([&](store::Transaction& tx) {
      auto user = find_user(tx, id).value();
      claim_email(tx, user, address, session, random, now());
      return update_user(tx, user, now());
    }).value();
  }
  /// An account that claimed the address and has not proved it.
  User add_claimant(std::string_view address, std::optional<base::SessionId> session = {}) {
    const User user = add_user();
    claim(user.id, address, session);
    return load(user.id).value();
  }
  void request(MailKind kind, std::string_view address,
               std::optional<base::SessionId> session = {}) {
    write([&](store::Transaction& tx) { request_mail(tx, kind, address, session, random, now()); });
  }
  /// Sends what is due; `answer` says what comes of each mail. Those that went are in `mails`.
  template <class Answer>
  int send_through(Answer answer,
                   const MailerOptions& options = {.public_url = "https://id.example"}) {
    const auto collect = [this, answer](
                             const Mail& mail,
                             const std::stop_token&) mutable -> std::expected<void, mail::Failure> {
      auto sent = answer(mail);
      if (sent) mails.push_back(mail);
      return sent;
    };
    return Mailer(*store, options, collect, random, clock).send_due();
  }
  /// Lets the jitter pass and gives the mails that went out.
  std::vector<Mail> deliver(int per_day = 10) {
    pass(mail_jitter);
    const MailerOptions options{.public_url = "https://id.example",
                                .per_recipient_per_day = per_day};
    send_through([](const Mail&) { return std::expected<void, mail::Failure>{}; }, options);
    return std::exchange(mails, {});
  }
  static std::vector<std::string> tokens(const Mail& mail) {
    constexpr std::string_view mark = "?token=";
    std::vector<std::string> found;
    for (auto at = mail.body.find(mark); at != std::string::npos; at = mail.body.find(mark, at)) {
      at += mark.size();
      found.push_back(mail.body.substr(at, 43));
    }
    return found;
  }
  /// The token in the only mail that is due.
  std::string token() {
    const auto sent = deliver();
    if (sent.size() != 1 || tokens(sent[0]).size() != 1) return "none";
    return tokens(sent[0])[0];
  }
  base::Result<User> prove(std::string_view token) {
    return write([&](store::Transaction& tx) { return prove_email(tx, sessions, token, now()); });
  }
  base::Result<User> reset(std::string_view token, std::string_view hash = "$new") {
    return write(
        [&](store::Transaction& tx) { return reset_password(tx, sessions, token, hash, now()); });
  }
  /// An account that has proved the address.
  User add_owner(std::string_view address) {
    const User user = add_user();
    claim(user.id, address);
    return prove(token()).value();
  }
};

}  // namespace vestibule::accounts
