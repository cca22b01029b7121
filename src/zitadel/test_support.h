#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <thread>

#include "accounts/metadata.h"
#include "accounts/passwords.h"
#include "events/audit.h"
#include "oauth/impersonation.h"
#include "oauth/test_support.h"
#include "zitadel/caller.h"
#include "zitadel/routes.h"

// For tests: the whole API on a router, with a store of its own.
namespace vestibule::zitadel {

namespace json = boost::json;

/// An io thread. It is a base before the store, since the store's writer completes into it.
struct IoThread {
  IoThread() : runner([this] { io.run(); }) {}
  ~IoThread() {
    io.stop();
    runner.join();
  }
  boost::asio::io_context io;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{io.get_executor()};
  std::thread runner;
};

struct Answer {
  int status = 0;
  json::value body;
  std::string at(std::string_view pointer) const {
    const auto& value = body.at_pointer(pointer);
    return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
  }
};

inline events::Application listener() {
  events::Application application;
  application.name = "listener";
  application.webhook_url = "http://127.0.0.1:1/webhook";
  application.data = events::Application::Data::none;
  return application;
}

class ZitadelTest : IoThread, public oauth::OAuthTest {
 protected:
  ZitadelTest() {
    ids.load(*store);
    add_zitadel_routes(router, context);
  }

  http::Response send(std::string method, std::string path, std::string token, std::string body,
                      std::string query = {}) {
    http::Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.query = std::move(query);
    request.body = std::move(body);
    request.headers.add("Content-Type", "application/json");
    if (!token.empty()) request.headers.add("Authorization", "Bearer " + token);
    auto match = router.match(request.method, request.path);
    if (!match.route) throw std::runtime_error("no route for " + request.path);
    request.parameters = std::move(match.parameters);
    auto answer = boost::asio::co_spawn(io, match.route->handler(request), boost::asio::use_future);
    return answer.get();
  }
  Answer rest(std::string method, std::string path, std::string token, std::string body = {},
              std::string query = {}) {
    const auto response = send(std::move(method), std::move(path), std::move(token),
                               std::move(body), std::move(query));
    return {response.status, json::parse(response.body)};
  }
  Answer rpc(const std::string& name, std::string token, std::string body) {
    return rest("POST", "/zitadel.user.v2.UserService/" + name, std::move(token), std::move(body));
  }

  static std::string human(std::string name, std::string more = {}) {
    return R"({"organizationId":"1","username":")" + name +
           R"(","human":{"profile":{"givenName":"Guest","familyName":"User"},"email":{"email":")" +
           name + R"(","isVerified":true}})" + more + "}";
  }
  static std::string tagged(std::string name) {
    return human(std::move(name),
                 R"(,"metadata":[{"key":"GUEST_26_11_22","value":"Y3JlYXRlZA=="}])");
  }
  std::string add_guest(const std::string& name = "g@temp.local") {
    return rpc("CreateUser", service_token, tagged(name)).at("/id");
  }
  std::optional<accounts::User> find(const std::string& subject) {
    return read(
        [&](store::Transaction& tx) { return accounts::find_user_by_subject(tx, subject); });
  }
  std::vector<std::string> audit(const std::string& subject) {
    return read([&](store::Transaction& tx) {
      std::vector<std::string> types;
      const auto user = accounts::resolve_subject(tx, subject).value();
      for (const auto& line : events::history(tx, user, 50)) types.push_back(line.type);
      return types;
    });
  }
  std::vector<std::string> told() {
    static const store::Statement statement{"test.outbox", "select type from outbox order by id"};
    return read([&](store::Transaction& tx) {
      std::vector<std::string> types;
      auto rows = tx.query(statement);
      while (rows.next()) types.emplace_back(rows.text(0));
      return types;
    });
  }
  static std::string password(const std::string& id, const std::string& text = "Password1!") {
    return R"({"userId":")" + id + R"(","newPassword":{"password":")" + text + R"("}})";
  }

  accounts::UserIds ids;
  events::Outbox outbox{{listener()}, {}};
  guests::Guests guests{ids, sessions, outbox, random, {}};
  async::CpuPool cpu;
  http::Router router;
  ZitadelContext context{*store, clock, random, ids, sessions, guests, outbox, issuer, cpu};
};

}  // namespace vestibule::zitadel
