#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace vestibule::gateway {

/// Names requests that are worth an identity (a high-intent action). Part of the configuration.
struct Rule {
  std::string method = "*";         ///< as sent; `*` is every method
  std::string path;                 ///< a pattern, see PathPattern
  std::vector<std::string> except;  ///< patterns that this rule leaves out
};

/// A compiled path pattern. Segments are literal text, `*` or `{name}` (one segment that is not
/// empty), or `**` (the rest, none included; only at the end): `/api/cart/**` takes `/api/cart` and
/// everything below it. Letters count: `/api` is not `/API`.
class PathPattern {
 public:
  /// Refuses (`invalid`, reason `path_pattern`) what does not start with `/`, has an empty or
  /// dotted segment, a misplaced `**`, or `*`, `{` or `}` inside other text.
  static base::Result<PathPattern> parse(std::string_view text);
  /// `segments` as split_path gives them.
  bool matches(const std::vector<std::string_view>& segments) const;

 private:
  enum class Rest { none, any };
  std::vector<std::optional<std::string>> segments_;  ///< nullopt takes any one
  Rest rest_ = Rest::none;
};

/// The segments of a decoded path. Empty ones (`//`, a slash at the end) and path parameters (from
/// `;`, RFC 3986 section 3.3) are left out, since many upstreams drop them before they route: a
/// rule must not be evaded by writing the same resource another way.
std::vector<std::string_view> split_path(std::string_view path);

/// The path of an origin-form target, decoded once as http/ decodes a request's own; nullopt for
/// what http/ would refuse: malformed escapes, control characters, backslashes, encoded slashes,
/// dot segments. For targets that a proxy tells in a header.
std::optional<std::string> decode_target_path(std::string_view target);

/// The high-intent rules of an application, compiled once.
class Rules {
 public:
  /// Errors are PathPattern's, and `method` for a method that is no token.
  static base::Result<Rules> compile(const std::vector<Rule>& rules);
  /// `path` is decoded. HEAD counts as GET.
  bool matches(std::string_view method, std::string_view path) const;
  bool empty() const { return rules_.empty(); }

 private:
  struct Compiled {
    std::string method;
    PathPattern path;
    std::vector<PathPattern> except;
  };
  std::vector<Compiled> rules_;
};

}  // namespace vestibule::gateway
