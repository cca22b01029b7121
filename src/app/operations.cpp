#include "app/operations.h"

#include <spdlog/spdlog.h>

#include <fstream>
#include <stdexcept>

#include "base/text.h"
#include "gateway/identity_provider.h"

namespace vestibule::app {
namespace {

constexpr store::Statement select_one{"readiness", "select 1"};

using Answer = boost::asio::awaitable<http::Response>;

}  // namespace

void Operations::add_health_routes(http::Router& router) const {
  router.add("GET", "/healthz",
             [](http::Request&) -> Answer { co_return http::Response::text(200, "ok"); });
  router.add("GET", "/readyz", [this](http::Request&) -> Answer {
    bool ready = true;
    try {
      store_.read([](store::Transaction& tx) { tx.query(select_one).next(); });
    } catch (const store::Unavailable& error) {
      spdlog::error("not ready: {}", error.what());
      ready = false;
    }
    co_return ready ? http::Response::text(200, "ok")
                    : http::Response::text(503, "the store cannot be used");
  });
}

void Operations::add_routes(http::Router& router) const {
  add_health_routes(router);
  router.add("GET", "/metrics", [this](http::Request&) -> Answer {
    auto response = http::Response::text(200, metrics_.expose(store_.statistics(), cpu_.waiting()));
    co_return response;
  });
}

http::ProblemKind classify_exception(std::exception_ptr exception) {
  try {
    std::rethrow_exception(std::move(exception));
  } catch (const store::Unavailable&) {
    return http::ProblemKind::unavailable;
  } catch (const async::Overloaded&) {
    return http::ProblemKind::unavailable;
  } catch (const gateway::ProviderUnavailable& error) {
    spdlog::warn("the identity provider: {}", error.what());
    return http::ProblemKind::unavailable;
  } catch (...) {
    return http::ProblemKind::internal;
  }
}

base::Secret read_secret_file(const std::string& file) {
  std::ifstream in{file};
  std::string line;
  if (!std::getline(in, line) || base::trim(line).empty()) {
    throw std::invalid_argument("cannot read a secret from " + file);
  }
  return base::Secret{std::string(base::trim(line))};
}

}  // namespace vestibule::app
