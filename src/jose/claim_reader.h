#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "jose/jwt.h"

// Reading the registered claims; for the .cpp files of this folder only.
namespace vestibule::jose {

/// Collects claims; after the first one of a wrong type, `malformed` stays set.
class ClaimReader {
 public:
  explicit ClaimReader(const boost::json::object& object) : object_(object) {}

  void text(std::string_view name, std::string& out);
  /// RFC 7519 section 2, NumericDate: seconds, which need not be whole.
  void time(std::string_view name, std::optional<base::Time>& out);
  /// RFC 7519 section 4.1.3: one string or an array of strings.
  void strings(std::string_view name, std::vector<std::string>& out);
  /// RFC 8693 section 4.1: the outermost `act` is the current actor.
  void actors(std::vector<Actor>& out);

  bool malformed = false;

 private:
  const boost::json::object& object_;
};

}  // namespace vestibule::jose
