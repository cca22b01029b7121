#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "accounts/organizations.h"
#include "accounts/service_accounts.h"
#include "accounts/users.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/encoding.h"
#include "oauth/client_authentication.h"
#include "oauth/grants/grant.h"
#include "sessions/codes.h"
#include "store/testing.h"

namespace vestibule::oauth {

inline constexpr const char* test_issuer = "http://127.0.0.1:8081";
inline constexpr const char* test_secret = "client-secret";
inline constexpr const char* test_redirect = "http://localhost:3100/callback";
inline constexpr const char* test_verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// Signing keys made once for all tests of the program: RSA takes long.
class TestKeys {
 public:
  static TestKeys& shared() {
    static TestKeys keys;
    return keys;
  }
  static keys::MasterKey master() {
    return keys::MasterKey::parse(base::Secret(std::string(42, 'q') + "A")).value();
  }
  keys::KeyRing ring;

 private:
  TestKeys()
      : ring(master(), {}, {jose::Algorithm::es256, jose::Algorithm::rs256}, random_),
        store_(store::open_temporary()) {
    EXPECT_TRUE(ring.open(*store_, base::FakeClock().now()));
  }
  base::SystemRandom random_;
  std::unique_ptr<store::Store> store_;
};

/// A real store with an organization, a guest, an account, an administrator, a service account for
/// guests, one without roles, and three clients.
class OAuthTest : public testing::Test {
 protected:
  using Fields = std::vector<Parameters::Field>;

  template <class F>
  auto write(F unit) {
    return store->write(std::move(unit));
  }
  template <class F>
  auto read(F unit) {
    return store->read(std::move(unit));
  }

  OAuthTest()
      : sessions(ended),
        refresh_key(std::string(32, 'k')),
        purposes(TestKeys::master()),
        issuer(test_issuer, TestKeys::shared().ring, purposes, random) {
    write([&](store::Transaction& tx) {
      accounts::insert_organization(tx, {organization, "Acme", "acme.test", now()});
      accounts::insert_organization(tx, {base::OrganizationId{2}, "Other", "other.test", now()});
      guest = add_user(tx, 101, accounts::UserKind::human, now());
      account = add_user(tx, 102, accounts::UserKind::human, {});
      administrator = add_user(tx, 103, accounts::UserKind::human, {});
      service = add_user(tx, 104, accounts::UserKind::machine, {});
      roleless = add_user(tx, 105, accounts::UserKind::machine, {});
      accounts::grant_role(tx, administrator.id, accounts::Role::administrator);
      accounts::grant_role(tx, administrator.id, accounts::Role::guest_impersonator);
      accounts::grant_role(tx, service.id, accounts::Role::guest_manager);
      accounts::grant_role(tx, service.id, accounts::Role::guest_impersonator);
      confidential = make_client(201, AuthMethod::client_secret_post);
      confidential.actors = {service.id, roleless.id};
      confidential.audiences = {"https://api.acme.test"};
      public_client = make_client(202, AuthMethod::none);
      public_client.actors = {service.id};
      unbound = make_client(203, AuthMethod::client_secret_basic);
      for (const auto* client : {&confidential, &public_client, &unbound}) {
        insert_client(tx, *client, now());
      }
      administrator_token = personal_token(tx, administrator.id, 1);
      service_token = personal_token(tx, service.id, 2);
      roleless_token = personal_token(tx, roleless.id, 3);
    });
  }

  base::Time now() const { return clock.now(); }
  GrantContext context() { return {issuer, sessions, refresh_key, random}; }

  static accounts::User add_user(store::Transaction& tx, std::int64_t id, accounts::UserKind kind,
                                 std::optional<base::Time> guest_since) {
    const auto t = base::FakeClock().now();
    accounts::User user{.id = base::UserId{id},
                        .organization = organization,
                        .kind = kind,
                        .username = "user" + std::to_string(id),
                        .given_name = "Given",
                        .family_name = "Family",
                        .email = "u" + std::to_string(id) + "@acme.test",
                        .email_state = accounts::EmailState::asserted,
                        .created_at = t,
                        .changed_at = t,
                        .active_at = t};
    if (guest_since) user.guest_day = accounts::GuestDay::of(*guest_since);
    EXPECT_TRUE(accounts::insert_user(tx, user));
    return user;
  }

  Client make_client(std::int64_t id, AuthMethod method) const {
    Client client{
        .id = base::ClientId{id},
        .organization = organization,
        .project = 900,
        .name = "client",
        .auth_method = method,
        .redirect_uris = {test_redirect, "http://127.0.0.1/cb"},
        .post_logout_redirect_uris = {"http://localhost:3100/"},
        .grant_types = {std::string(grant_authorization_code), std::string(grant_refresh_token),
                        std::string(grant_client_credentials), std::string(grant_token_exchange)},
        .created_at = now()};
    if (method != AuthMethod::none) client.secret_hash = base::sha256(test_secret);
    return client;
  }

  std::string personal_token(store::Transaction& tx, base::UserId user, std::int64_t id) {
    const auto token =
        accounts::add_personal_token(tx, user, now() + std::chrono::days(3650), id, random, now());
    return std::string(token.token.reveal());
  }

  static AuthenticatedClient authenticated(store::Transaction& tx, const Client& client) {
    const auto method = client.is_public() ? AuthMethod::none : AuthMethod::client_secret_post;
    const auto verified =
        verify_client(tx, {method, client.client_id(), base::Secret(test_secret)});
    return confirm_client(tx, verified.value()).value();
  }

  /// A provider session of the user, signed in now.
  base::SessionId sign_in(base::UserId user) {
    sessions::Session session{.id = base::SessionId{base::Uuid::make(now(), random)},
                              .user = user,
                              .kind = sessions::Kind::provider,
                              .created_at = now(),
                              .rotated_at = now(),
                              .expires_at = now() + std::chrono::days(7),
                              .auth_time = now(),
                              .amr = "pwd"};
    write([&](store::Transaction& tx) { sessions.insert(tx, session); });
    return session.id;
  }

  void set_state(accounts::User user, accounts::UserState state) {
    write([&](store::Transaction& tx) {
      auto current = accounts::find_user(tx, user.id).value();
      current.state = state;
      EXPECT_TRUE(accounts::update_user(tx, current, now()));
    });
  }

  static constexpr base::OrganizationId organization{1};
  base::FakeClock clock;
  base::SystemRandom random;
  std::unique_ptr<store::Store> store = store::open_temporary();
  sessions::EndedSessions ended;
  sessions::Sessions sessions;
  base::Secret refresh_key;
  keys::PurposeKeys purposes;
  TokenIssuer issuer;
  accounts::User guest, account, administrator, service, roleless;
  Client confidential, public_client, unbound;
  std::string administrator_token, service_token, roleless_token;
};

}  // namespace vestibule::oauth
