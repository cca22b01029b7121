#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/exchange.h"
#include "http/problem.h"
#include "http/request.h"
#include "http/response.h"

namespace vestibule::http {

/// An endpoint: the whole request in, the whole answer out. It runs on the connection's io thread
/// and must not block it. An exception that leaves it is a bug or a lost dependency.
using Handler = std::function<boost::asio::awaitable<Response>(Request&)>;

/// Writes a Problem in the form of a protocol: OAuth JSON, Connect, REST, HTML.
using ErrorRenderer = std::function<Response(const RequestHead&, const Problem&)>;

struct RouteOptions {
  /// For metrics and logs; the pattern if empty. Bounded in number: never from a request.
  std::string name = {};
  std::size_t body_limit = 64 * 1024;
  /// How this route's problems look; the site's renderer if empty.
  ErrorRenderer errors = {};
};

struct Route {
  std::string method;  ///< `*` takes every method
  std::string pattern;
  RouteOptions options;
  Handler handler;  ///< one of the two is set
  StreamHandler stream_handler;
};

/// Finds the route of a method and a decoded path. Patterns:
///   `/oauth/v2/token`        exactly that path
///   `/v2/users/{user_id}`    `{name}` takes one segment that is not empty; a fixed text may follow
///                            it within the segment (`/v2/users/{id}:lock`)
///   `/assets/*`              `*` at the end takes the rest, as the parameter `*`
/// Literal segments win over `{name}`, which wins over `*`, at the first segment that differs.
/// A GET route also answers HEAD. Built once, then read by all threads.
class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  /// Throws std::invalid_argument for a malformed pattern or one that is there already.
  void add(std::string method, std::string pattern, Handler handler, RouteOptions options = {});
  void add_stream(std::string method, std::string pattern, StreamHandler handler,
                  RouteOptions options = {});

  struct Match {
    const Route* route = nullptr;
    std::vector<std::pair<std::string, std::string>> parameters;
    std::string allow;  ///< if no route has the method but some have the path: for Allow
  };
  Match match(std::string_view method, std::string_view path) const;

 private:
  struct Node;
  void insert(Route route);
  std::unique_ptr<Node> root_;
  std::vector<std::unique_ptr<Route>> routes_;
};

/// What answers under one origin.
struct Site {
  std::string name;  ///< for metrics
  Router router;
  /// Takes what the router has no path for (a 405 stays a 405); without one that is a 404.
  StreamHandler fallback = {};
  /// Plain text if empty.
  ErrorRenderer errors = {};
  /// What an exception that left a handler means to the caller: `unavailable` for a lost
  /// dependency, else `internal` (which it is without a classify).
  std::function<ProblemKind(std::exception_ptr)> classify = {};
};

}  // namespace vestibule::http
