#include "zitadel/routes.h"

#include <map>
#include <set>
#include <string>
#include <utility>

#include "accounts/passwords.h"
#include "async/commit.h"
#include "zitadel/caller.h"
#include "zitadel/protocol.h"

namespace vestibule::zitadel {
namespace {

using boost::asio::awaitable;

/// A call while its coroutine lives.
struct Call {
  ZitadelContext& context;
  const Operation& operation;
  std::string token;
  std::string client_address;
  Plan plan = {};
  SlowWork work = {};
};

/// Runs `body` as the caller, who is authenticated in the same transaction.
template <class Body>
auto as_caller(const Call& call, store::Transaction& tx, Body body)
    -> decltype(body(std::declval<const Unit&>())) {
  const auto now = call.context.clock.now();
  const auto caller = authenticate(tx, call.context, call.token, now);
  if (!caller) return refuse(caller.error());
  return body(Unit{call.context, tx, *caller, now, call.client_address});
}

Result<void> check_token(const Call& call) {
  return call.context.store.read([&](store::Transaction& tx) {
    return as_caller(call, tx, [](const Unit&) -> Result<void> { return {}; });
  });
}

/// Refuses a password before it costs anything, then verifies and hashes on the CPU pool.
awaitable<Result<SlowWork>> work_on_passwords(Call& call) {
  const PasswordChange& change = *call.plan.password;
  auto stored = call.context.store.read([&](store::Transaction& tx) {
    return as_caller(call, tx, [&](const Unit& unit) { return call.plan.prepare(unit); });
  });
  if (!stored) co_return refuse(stored.error());
  if (const auto sound = accounts::check_password_zitadel(change.next); !sound) {
    co_return refuse(from_domain(sound.error()));
  }
  auto work = [&]() -> Result<SlowWork> {
    SlowWork done;
    if (change.current) {
      if (!accounts::verify_password(*change.current, **stored)) {
        return refuse(refusals::password_wrong);
      }
      if (change.current->reveal() == change.next.reveal()) return refuse(refusals::password_same);
      done.verified_hash = *stored;
    }
    done.next_hash = accounts::hash_password(change.next, call.context.random);
    return done;
  };
  co_return co_await async::run(call.context.cpu, std::move(work));
}

/// The key is made once it is known that it may be.
awaitable<Result<SlowWork>> make_key(Call& call) {
  const auto allowed = call.context.store.read([&](store::Transaction& tx) {
    return as_caller(call, tx, [&](const Unit& unit) { return call.plan.before_key(unit); });
  });
  if (!allowed) co_return refuse(allowed.error());
  auto work = [] { return SlowWork{.key = jose::PrivateKey::generate(jose::Algorithm::rs256)}; };
  co_return co_await async::run(call.context.cpu, std::move(work));
}

awaitable<Result<std::string>> perform(Call& call) {
  if (call.plan.password != nullptr || call.plan.before_key) {
    auto work = call.plan.before_key ? co_await make_key(call) : co_await work_on_passwords(call);
    if (!work) co_return refuse(work.error());
    call.work = std::move(*work);
  }
  auto unit = [&call](store::Transaction& tx) -> Result<std::string> {
    return as_caller(call, tx, [&](const Unit& u) { return call.plan.run(u, call.work); });
  };
  switch (call.operation.work) {
    case Work::point_read:
      co_return call.context.store.read(unit);
    case Work::scan: {
      auto scan = [&] { return call.context.store.read(unit); };
      co_return co_await async::run(call.context.cpu, std::move(scan));
    }
    case Work::write:
      break;
  }
  co_return co_await async::commit(call.context.store, std::move(unit));
}

awaitable<http::Response> answer(ZitadelContext& context, Protocol protocol,
                                 const Operation& operation, http::Request& request) {
  auto token = read_bearer(request);
  if (!token) co_return encode(protocol, token.error());
  Call call{.context = context,
            .operation = operation,
            .token = std::move(*token),
            .client_address = request.client_address.to_string()};
  if (const auto known = check_token(call); !known) co_return encode(protocol, known.error());
  const auto record = read_message(protocol, operation, request);
  if (!record) co_return encode(protocol, record.error());
  auto plan = operation.plan(*record);
  if (!plan) co_return encode(protocol, plan.error());
  call.plan = std::move(*plan);
  auto result = co_await perform(call);
  if (!result) co_return encode(protocol, result.error());
  co_return encode(protocol, std::move(*result));
}

http::RouteOptions options(std::string name, Protocol protocol) {
  return {.name = std::move(name), .body_limit = body_limit, .errors = problem_renderer(protocol)};
}

void add_preflight(http::Router& router, const std::string& path, std::string methods) {
  auto handler = [methods = std::move(methods)](http::Request&) -> awaitable<http::Response> {
    auto response = http::Response::no_content();
    allow_any_origin(response);
    response.with_header("Access-Control-Allow-Methods", methods)
        .with_header("Access-Control-Allow-Headers",
                     "Authorization, Content-Type, Connect-Protocol-Version, Connect-Timeout-Ms, "
                     "X-Zitadel-Orgid")
        .with_header("Access-Control-Max-Age", "7200");
    co_return response;
  };
  router.add("OPTIONS", path, std::move(handler), options("zitadel.preflight", Protocol::rest));
}

/// Takes the methods that a path does not have.
void add_refusal(http::Router& router, const std::string& path, Protocol protocol,
                 std::string allow) {
  auto handler = [protocol, allow = std::move(allow)](http::Request&) -> awaitable<http::Response> {
    auto response =
        protocol == Protocol::connect
            ? http::Response{.status = 405, .headers = {}, .body = {}}
            : http::Response::json(
                  405, rest_error_json({Code::unimplemented, "", "Method Not Allowed"}));
    response.with_header("Allow", allow);
    allow_any_origin(response);
    co_return response;
  };
  router.add("*", path, std::move(handler), options("zitadel.method_not_allowed", protocol));
}

/// Connect takes JSON only here; other codecs are refused as its handlers do.
bool is_json(const http::Request& request) {
  return http::has_media_type(request.headers, "application/json") &&
         request.header("Content-Encoding").value_or("identity") == "identity";
}

/// Where the procedures of a service are.
std::string procedures(std::string_view service) {
  return "/" + std::string(service) + "/";
}

void add_connect(http::Router& router, ZitadelContext& context, const Operation& operation) {
  const auto path = procedures(operation.service) + std::string(operation.rpc);
  auto handler = [&context, &operation](http::Request& request) -> awaitable<http::Response> {
    if (!is_json(request)) {
      auto response = http::Response{.status = 415, .headers = {}, .body = {}};
      response.with_header("Accept-Post", "application/json");
      allow_any_origin(response);
      co_return response;
    }
    co_return co_await answer(context, Protocol::connect, operation, request);
  };
  router.add("POST", path, std::move(handler),
             options("zitadel." + std::string(operation.rpc), Protocol::connect));
  add_preflight(router, path, "POST");
  add_refusal(router, path, Protocol::connect, "POST");
}

void add_rest(http::Router& router, ZitadelContext& context, const Operation& operation) {
  auto handler = [&context, &operation](http::Request& request) {
    return answer(context, Protocol::rest, operation, request);
  };
  router.add(std::string(operation.method), std::string(operation.path), std::move(handler),
             options({}, Protocol::rest));
}

}  // namespace

void add_zitadel_routes(http::Router& router, ZitadelContext& context) {
  std::map<std::string, std::string> methods;  // of each REST path
  for (const auto& operation : operations()) {
    if (!operation.rpc.empty()) add_connect(router, context, operation);
    if (operation.method.empty()) continue;
    add_rest(router, context, operation);
    auto& allowed = methods[std::string(operation.path)];
    allowed += (allowed.empty() ? "" : ", ") + std::string(operation.method);
  }
  for (const auto& [path, allowed] : methods) {
    add_preflight(router, path, allowed);
    add_refusal(router, path, Protocol::rest, allowed);
  }

  auto no_procedure = [](http::Request&) -> awaitable<http::Response> {
    co_return http::Response::text(404, "404 page not found\n");
  };
  for (const auto service : {user_service, settings_service}) {
    router.add("*", procedures(service) + "*", no_procedure,
               options("zitadel.unknown_procedure", Protocol::connect));
  }
  auto no_path = [](http::Request&) -> awaitable<http::Response> {
    const Error error{Code::not_found, "", "Not Found"};
    co_return encode(Protocol::rest, error);
  };
  router.add("*", "/v2/*", std::move(no_path), options("zitadel.unknown_path", Protocol::rest));
}

}  // namespace vestibule::zitadel
