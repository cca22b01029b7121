#pragma once

#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "accounts/organizations.h"
#include "accounts/refused_passwords.h"
#include "accounts/service_accounts.h"
#include "accounts/users.h"
#include "async/pool.h"
#include "base/clock.h"
#include "gateway/embedded_provider.h"
#include "gateway/gateway.h"
#include "guests/guests.h"
#include "guests/purge.h"
#include "http/forms.h"
#include "http/proxy.h"
#include "http/test_support.h"
#include "keys/key_ring.h"
#include "oauth/client.h"
#include "sessions/codes.h"
#include "store/testing.h"

namespace vestibule::gateway {

inline constexpr const char* world_origin = "http://localhost:8080";
inline constexpr const char* world_callback = "http://localhost:8080/guest/v1/callback";

/// For tests: a gateway with its embedded provider on a real store behind a real server, before an
/// upstream that answers each request with its own head.
class World {
 public:
  explicit World(GatewayOptions wanted = {}, std::vector<events::Application> applications = {})
      : upstream([](http::testing::RawSocket& socket, int) { echo(socket); }),
        outbox(std::move(applications), {}),
        sessions(ended),
        ring(master(), {}, {jose::Algorithm::es256}, random),
        purposes(master()),
        issuer("http://127.0.0.1:8081", ring, purposes, random),
        guests(ids, sessions, outbox, random, guests::MergeOptions{}),
        pool({"127.0.0.1", upstream.port()}),
        dead_pool({"127.0.0.1", 1}) {
    spdlog::set_level(spdlog::level::err);
    ids.load(*store);
    if (!ring.open(*store, now())) throw std::runtime_error("no signing keys");
    store->write([&](store::Transaction& tx) { prepare(tx); });
    provider = std::make_unique<EmbeddedProvider>(
        EmbeddedOptions{.organization = organization,
                        .service_account = service,
                        .client = client,
                        .redirect_uri = world_callback,
                        .authorization_endpoint = "http://127.0.0.1:8081/oauth/v2/authorize",
                        .audience = "http://localhost:8080"},
        EmbeddedProvider::Parts{*store, guests, sessions, outbox, issuer, cpu, clock, random,
                                refused});
    wanted.public_origin = world_origin;
    wanted.rules = {{"POST", "/api/cart/**", {}}};
    wanted.merge_wait = base::Milliseconds{200};
    gateway = std::make_unique<Gateway>(std::move(wanted),
                                        Dependencies{*provider, purposes, ended, clock, random});
    gateway->add_routes(server.site.router);
    server.site.fallback = gateway->proxy(pool);
    server.site.errors = site_errors();
    server.start();
  }
  ~World() { server.server->stop(std::chrono::seconds(1)); }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  base::Time now() const { return clock.now(); }
  std::int64_t count_users() {
    static const store::Statement statement{"test.users",
                                            "select count(*) from users where kind = 1"};
    return store->read([&](store::Transaction& tx) {
      auto rows = tx.query(statement);
      rows.next();
      return rows.integer(0);
    });
  }
  std::optional<accounts::User> find(const std::string& subject) {
    return store->read(
        [&](store::Transaction& tx) { return accounts::find_user_by_subject(tx, subject); });
  }

  /// What the provider's sign-in page does for `user`: an authorization code for the request that
  /// `location` makes. Returns the callback's target.
  std::string sign_in_at_provider(const std::string& location, const std::string& subject) {
    const auto query = http::Form::parse(location.substr(location.find('?') + 1)).value();
    const auto code = base::random_token(random);
    store->write([&](store::Transaction& tx) {
      const auto user = accounts::find_user_by_subject(tx, subject).value();
      const sessions::Session session{.id = base::SessionId{base::Uuid::make(now(), random)},
                                      .user = user.id,
                                      .kind = sessions::Kind::provider,
                                      .created_at = now(),
                                      .rotated_at = now(),
                                      .expires_at = now() + std::chrono::hours(24),
                                      .auth_time = now(),
                                      .amr = "pwd"};
      sessions.insert(tx, session);
      sessions::insert_code(tx, code,
                            {.client = client,
                             .user = user.id,
                             .session = session.id,
                             .redirect_uri = query.get("redirect_uri"),
                             .scope = query.get("scope"),
                             .nonce = query.get("nonce"),
                             .code_challenge = query.get("code_challenge"),
                             .auth_time = now(),
                             .amr = "pwd",
                             .created_at = now(),
                             .expires_at = now() + std::chrono::minutes(1)});
    });
    return "/guest/v1/callback?" +
           http::encode_form({{"code", code}, {"state", query.get("state")}});
  }

  static constexpr base::OrganizationId organization{1};
  static constexpr base::UserId service{11};
  static constexpr base::UserId roleless{12};
  static constexpr base::ClientId client{13};

  base::FakeClock clock;
  base::SystemRandom random;
  // It waits for the connections that the server keeps to it.
  http::testing::ScriptedUpstream upstream;
  // Its io_contexts outlive the store and the pool, whose threads complete into them.
  http::testing::TestServer server;
  std::unique_ptr<store::Store> store = store::open_temporary();
  accounts::UserIds ids;
  events::Outbox outbox;
  sessions::EndedSessions ended;
  sessions::Sessions sessions;
  keys::KeyRing ring;
  keys::PurposeKeys purposes;
  oauth::TokenIssuer issuer;
  guests::Guests guests;
  accounts::RefusedList refused;
  async::CpuPool cpu{{.threads = 1}};
  std::string service_token, roleless_token;
  std::unique_ptr<EmbeddedProvider> provider;
  std::unique_ptr<Gateway> gateway;
  http::UpstreamPool pool;
  http::UpstreamPool dead_pool;

 private:
  static keys::MasterKey master() {
    return keys::MasterKey::parse(base::Secret(std::string(42, 'q') + "A")).value();
  }

  void prepare(store::Transaction& tx) {
    accounts::insert_organization(tx, {organization, "Acme", "acme.test", now()});
    for (const auto id : {service, roleless}) {
      const accounts::User user{.id = id,
                                .organization = organization,
                                .kind = accounts::UserKind::machine,
                                .username = "service" + base::to_string(id),
                                .created_at = now(),
                                .changed_at = now(),
                                .active_at = now()};
      if (!accounts::insert_user(tx, user)) throw std::runtime_error("no service account");
    }
    accounts::grant_role(tx, service, accounts::Role::guest_manager);
    accounts::grant_role(tx, service, accounts::Role::guest_impersonator);
    const auto expiry = now() + std::chrono::hours(24 * 400);
    const auto token = [&](base::UserId user, std::int64_t id) {
      return std::string(
          accounts::add_personal_token(tx, user, expiry, id, random, now()).token.reveal());
    };
    service_token = token(service, 1);
    roleless_token = token(roleless, 2);
    oauth::insert_client(tx,
                         {.id = client,
                          .organization = organization,
                          .name = "gateway",
                          .redirect_uris = {world_callback},
                          .grant_types = {"authorization_code"}},
                         now());
  }

  /// Answers every request of a connection with the request's head as an uncacheable page.
  static void echo(http::testing::RawSocket& socket) {
    while (const auto head = socket.read_through("\r\n\r\n")) {
      if (const auto at = head->find("Content-Length: "); at != std::string::npos)
        socket.read_exactly(std::stoul(head->substr(at + 16)));
      std::string fields = "Content-Type: text/html\r\n";
      if (head->find("/cached") != std::string::npos) fields += "Cache-Control: public\r\n";
      if (head->find("/forging") != std::string::npos)
        fields += "Set-Cookie: vestibule=forged\r\nSet-Cookie: theirs=1\r\n";
      socket.send("HTTP/1.1 200 OK\r\n" + fields +
                  "Content-Length: " + std::to_string(head->size()) + "\r\n\r\n" + *head);
    }
  }
};

/// For tests: a browser with a cookie jar, on a page of the application unless told otherwise.
class Browser {
 public:
  explicit Browser(World& world) : world_(world) {}

  http::testing::Answer ask(const std::string& method, const std::string& target,
                            const std::string& body = {}, http::HeaderList fields = {}) {
    if (!fields.contains("Sec-Fetch-Site")) fields.add("Sec-Fetch-Site", site);
    std::string text = method + " " + target + " HTTP/1.1\r\nHost: localhost:8080\r\n";
    for (const auto& field : fields) text += field.name + ": " + field.value + "\r\n";
    if (!jar.empty()) {
      text += "Cookie: ";
      bool first = true;
      for (const auto& [name, value] : jar) {
        text += (std::exchange(first, false) ? "" : "; ") + name + "=" + value;
      }
      text += "\r\n";
    }
    if (method == "POST" || !body.empty())
      text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    auto answer = world_.server.ask(text + "\r\n" + body);
    for (const auto cookie : answer.headers.find_all("Set-Cookie")) take(std::string(cookie));
    return answer;
  }
  http::testing::Answer get(const std::string& target, http::HeaderList fields = {}) {
    return ask("GET", target, {}, std::move(fields));
  }
  http::testing::Answer post_json(const std::string& target, const std::string& body = {}) {
    return ask("POST", target, body, {{"Content-Type", "application/json"}});
  }
  http::testing::Answer post_form(const std::string& target, const std::string& body) {
    return ask("POST", target, body, {{"Content-Type", "application/x-www-form-urlencoded"}});
  }

  /// The text of a member of a JSON answer, found by eye.
  static std::string member(const http::testing::Answer& answer, const std::string& name) {
    const auto at = answer.body.find("\"" + name + "\":\"");
    if (at == std::string::npos) return {};
    const auto start = at + name.size() + 4;
    return answer.body.substr(start, answer.body.find('"', start) - start);
  }
  std::string subject() { return member(get("/guest/v1/session"), "sub"); }

  std::map<std::string, std::string> jar;
  std::string site = "same-origin";

 private:
  void take(const std::string& cookie) {
    const auto equals = cookie.find('=');
    const auto name = cookie.substr(0, equals);
    const auto value = cookie.substr(equals + 1, cookie.find(';') - equals - 1);
    if (value.empty() || cookie.find("Max-Age=0") != std::string::npos) {
      jar.erase(name);
    } else {
      jar[name] = value;
    }
  }

  World& world_;
};

}  // namespace vestibule::gateway
