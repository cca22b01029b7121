#include "http/router.h"

#include <algorithm>
#include <stdexcept>

namespace vestibule::http {

/// One segment of the patterns. Children are few, so that a scan beats a map.
struct Router::Node {
  struct Parameter {
    std::string name;
    std::string suffix;  ///< fixed text after the parameter within the segment
    std::unique_ptr<Node> node;
  };
  std::vector<std::pair<std::string, std::unique_ptr<Node>>> literals;
  std::vector<Parameter> parameters;
  std::vector<const Route*> here;  ///< one for each method
  std::vector<const Route*> rest;  ///< of patterns that end in `*` here

  using Parameters = std::vector<std::pair<std::string, std::string>>;

  /// The routes of the most specific pattern that `path` matches; collects its parameters.
  const std::vector<const Route*>* find(std::string_view path, Parameters& found) const {
    const auto slash = path.find('/');
    const auto segment = path.substr(0, slash);
    const auto descend = [&](const Node& node) -> const std::vector<const Route*>* {
      if (slash != std::string_view::npos) return node.find(path.substr(slash + 1), found);
      return node.here.empty() ? nullptr : &node.here;
    };
    for (const auto& [text, node] : literals) {
      if (text != segment) continue;
      if (const auto* const routes = descend(*node)) return routes;
      break;
    }
    for (const auto& parameter : parameters) {
      if (segment.size() <= parameter.suffix.size() || !segment.ends_with(parameter.suffix))
        continue;
      const auto value = segment.substr(0, segment.size() - parameter.suffix.size());
      found.emplace_back(parameter.name, value);
      if (const auto* const routes = descend(*parameter.node)) return routes;
      found.pop_back();
    }
    if (rest.empty()) return nullptr;
    found.emplace_back("*", path);
    return &rest;
  }
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::add(std::string method, std::string pattern, Handler handler, RouteOptions options) {
  insert({std::move(method), std::move(pattern), std::move(options), std::move(handler), {}});
}

void Router::add_stream(std::string method, std::string pattern, StreamHandler handler,
                        RouteOptions options) {
  insert({std::move(method), std::move(pattern), std::move(options), {}, std::move(handler)});
}

void Router::insert(Route route) {
  const auto malformed = [&](std::string_view why) {
    return std::invalid_argument("route " + route.method + " " + route.pattern + ": " +
                                 std::string(why));
  };
  if (!route.pattern.starts_with('/')) throw malformed("a pattern starts with /");
  if (!route.handler && !route.stream_handler) throw malformed("there is no handler");
  if (route.method != "*" && !valid_field_name(route.method)) throw malformed("no such method");
  if (route.options.name.empty()) route.options.name = route.pattern;

  Node* node = root_.get();
  std::vector<const Route*>* routes = nullptr;
  std::string_view rest(route.pattern);
  while (routes == nullptr) {
    rest.remove_prefix(1);
    const auto slash = rest.find('/');
    const auto segment = rest.substr(0, slash);
    if (segment == "*") {
      if (slash != std::string_view::npos) throw malformed("* stands at the end");
      routes = &node->rest;
      break;
    }
    if (const auto close = segment.find('}'); segment.starts_with('{')) {
      if (close == std::string_view::npos || close < 2) throw malformed("{name} is malformed");
      const auto name = segment.substr(1, close - 1);
      const auto suffix = segment.substr(close + 1);
      if (suffix.find_first_of("{}*") != std::string_view::npos)
        throw malformed("only fixed text may follow {name} in a segment");
      auto at = std::ranges::find_if(node->parameters, [&](const Node::Parameter& p) {
        return p.name == name && p.suffix == suffix;
      });
      if (at == node->parameters.end()) {
        // Longer suffixes first: the more specific of two that could both match.
        at = std::ranges::find_if(node->parameters, [&](const Node::Parameter& p) {
          return p.suffix.size() < suffix.size();
        });
        at = node->parameters.insert(
            at, {std::string(name), std::string(suffix), std::make_unique<Node>()});
      }
      node = at->node.get();
    } else {
      if (segment.find_first_of("{}*") != std::string_view::npos)
        throw malformed("{name} begins a segment and * is one");
      auto at = std::ranges::find(node->literals, segment, [](const auto& l) { return l.first; });
      if (at == node->literals.end())
        at = node->literals.emplace(at, std::string(segment), std::make_unique<Node>());
      node = at->second.get();
    }
    if (slash == std::string_view::npos) {
      routes = &node->here;
    } else {
      rest.remove_prefix(slash);
    }
  }
  for (const auto* const other : *routes) {
    if (other->method == route.method) throw malformed("there is one like it already");
  }
  routes_.push_back(std::make_unique<Route>(std::move(route)));
  routes->push_back(routes_.back().get());
}

Router::Match Router::match(std::string_view method, std::string_view path) const {
  Match match;
  if (!path.starts_with('/')) return match;
  const auto* const routes = root_->find(path.substr(1), match.parameters);
  if (routes == nullptr) return match;
  const auto take = [&](std::string_view wanted) {
    const auto at =
        std::ranges::find_if(*routes, [&](const Route* r) { return r->method == wanted; });
    if (at != routes->end()) match.route = *at;
    return match.route != nullptr;
  };
  if (take(method) || (method == "HEAD" && take("GET")) || take("*")) return match;
  for (const auto* const route : *routes) {
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += route->method;
    if (route->method == "GET") match.allow += ", HEAD";
  }
  return match;
}

}  // namespace vestibule::http
