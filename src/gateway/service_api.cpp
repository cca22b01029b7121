#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "gateway/answers.h"
#include "gateway/api.h"
#include "http/forms.h"

namespace vestibule::gateway {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr std::size_t largest_body = std::size_t{16} * 1024;
constexpr std::size_t longest_key = 200;

/// 1 to 200 visible ASCII characters, once.
std::optional<std::string> idempotency_key(const http::HeaderList& headers) {
  const auto fields = headers.find_all("Idempotency-Key");
  if (fields.size() != 1) return std::nullopt;
  const auto key = fields.front();
  if (key.empty() || key.size() > longest_key ||
      !std::ranges::all_of(key, [](char c) { return c > ' ' && c < 0x7f; }))
    return std::nullopt;
  return std::string(key);
}

bool is_json_object(const std::string& body) {
  if (body.empty()) return true;
  boost::system::error_code error;
  const auto value = json::parse(body, error);
  return !error && value.is_object();
}

http::Response refused(const base::Error& error) {
  auto answer = error_answer(error);
  if (answer.status == 401) answer.with_header("WWW-Authenticate", "Bearer");
  return answer;
}

http::Response fresh_json(int status, const json::object& body) {
  return http::Response::json(status, json::serialize(body))
      .with_header("Cache-Control", "private, no-store");
}

json::object to_json(const MergeTask& task) {
  return {{"merge_id", task.id},
          {"from", task.source},
          {"to", task.target},
          {"state", task.state},
          {"requested_at", base::to_seconds(task.requested_at)},
          {"deadline_at", base::to_seconds(task.deadline_at)}};
}

class ServiceApi {
 public:
  explicit ServiceApi(Context& context) : context_(context) {}

  asio::awaitable<http::Response> provision(http::Request& request) {
    const auto bearer = bearer_token(request.headers);
    if (!bearer) co_return bearer_required();
    const auto key = idempotency_key(request.headers);
    if (!key)
      co_return error_answer(400, "idempotency_key",
                             "one Idempotency-Key of 1 to 200 visible characters is needed");
    if (!is_json_object(request.body))
      co_return error_answer(400, "body", "the body has to be a JSON object or empty");
    ServiceGuestRequest wish{base::Secret(*bearer), *key, request.body,
                             request.client_address.is_unspecified()
                                 ? std::string{}
                                 : request.client_address.to_string()};
    const auto guest = co_await context_.provider.provision(std::move(wish));
    if (!guest) co_return refused(guest.error());
    co_return fresh_json(guest->novelty == Novelty::created ? 201 : 200,
                         {{"user_id", guest->subject},
                          {"access_token", guest->token.reveal()},
                          {"token_type", "Bearer"},
                          {"expires_in", guest->expires_in},
                          {"scope", guest->scope}});
  }

  asio::awaitable<http::Response> list_merges(http::Request& request) {
    auto bearer = bearer_token(request.headers);
    if (!bearer) co_return bearer_required();
    const auto query = http::Form::parse(request.query);
    if (!query || query->get("state") != "pending" || query->duplicated("state"))
      co_return error_answer(400, "state", "state=pending is what can be asked for");
    base::Secret caller(std::move(*bearer));
    const auto tasks = co_await context_.provider.pending_merges(std::move(caller));
    if (!tasks) co_return refused(tasks.error());
    json::array merges;
    for (const auto& task : *tasks) merges.push_back(to_json(task));
    co_return fresh_json(200, {{"merges", std::move(merges)}});
  }

  asio::awaitable<http::Response> acknowledge(http::Request& request) {
    auto bearer = bearer_token(request.headers);
    if (!bearer) co_return bearer_required();
    base::Secret caller(std::move(*bearer));
    std::string id = request.parameter("id");
    const auto task = co_await context_.provider.acknowledge(std::move(caller), std::move(id));
    if (!task) co_return refused(task.error());
    co_return fresh_json(200, to_json(*task));
  }

  asio::awaitable<http::Response> find_alias(http::Request& request) {
    auto bearer = bearer_token(request.headers);
    if (!bearer) co_return bearer_required();
    base::Secret caller(std::move(*bearer));
    std::string subject = request.parameter("sub");
    const auto alias = co_await context_.provider.find_alias(std::move(caller), std::move(subject));
    if (!alias) co_return refused(alias.error());
    co_return fresh_json(200, {{"sub", request.parameter("sub")}, {"became", *alias}});
  }

 private:
  Context& context_;
};

}  // namespace

void add_service_routes(http::Router& router, Context& context) {
  const auto api = std::make_shared<ServiceApi>(context);
  const auto add = [&](const char* method, const char* path,
                       asio::awaitable<http::Response> (ServiceApi::*verb)(http::Request&)) {
    router.add(method, path,
               [api, verb](http::Request& request) { return ((*api).*verb)(request); },
               {.body_limit = largest_body, .errors = render_problem});
  };
  add("POST", "/guest/v1/provision", &ServiceApi::provision);
  add("GET", "/guest/v1/merges", &ServiceApi::list_merges);
  add("POST", "/guest/v1/merges/{id}/ack", &ServiceApi::acknowledge);
  add("GET", "/guest/v1/aliases/{sub}", &ServiceApi::find_alias);
}

}  // namespace vestibule::gateway
