#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace vestibule::remote {

/// Reads members that may be absent, as protobuf's JSON leaves out what is empty, false or zero.
/// After the first one of a wrong type, `malformed` stays set.
class Members {
 public:
  Members(const boost::json::object& object, bool& malformed)
      : object_(object), malformed_(malformed) {}

  std::string text(std::string_view name) const;
  bool flag(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  /// RFC 3339 in UTC, as google.protobuf.Timestamp is written.
  std::optional<base::Time> time(std::string_view name) const;
  /// Empty if absent.
  Members child(std::string_view name) const;
  /// The objects of an array.
  std::vector<Members> children(std::string_view name) const;

 private:
  const boost::json::value* find(std::string_view name) const;

  const boost::json::object& object_;
  bool& malformed_;
};

}  // namespace vestibule::remote
