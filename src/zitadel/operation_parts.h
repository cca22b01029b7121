#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "zitadel/answers.h"
#include "zitadel/operations.h"

namespace vestibule::zitadel {

// The parts of the table that operations() joins.
std::vector<Operation> user_operations();
std::vector<Operation> contact_operations();
std::vector<Operation> machine_operations();
std::vector<Operation> settings_operations();
std::vector<Operation> member_operations();

// What their plans have in common, for the operations….cpp files only.
namespace operation_parts {

inline std::string write(const boost::json::object& body) {
  return boost::json::serialize(body);
}

/// `{"details":…}` of a user that was changed.
inline Result<std::string> answer_details(const Result<accounts::User>& user) {
  if (!user) return refuse(user.error());
  return write({{"details", answers::change_details(*user)}});
}

inline void add_code(boost::json::object& body, std::string_view name,
                     const std::optional<base::Secret>& code) {
  if (code) body[name] = code->reveal();
}

/// filter.v2.PaginationResponse. Zero is left out, as protobuf does.
inline boost::json::object pagination(std::uint64_t total, std::uint64_t applied_limit) {
  boost::json::object body;
  if (total > 0) body["totalResult"] = base::to_decimal(static_cast<std::int64_t>(total));
  body["appliedLimit"] = base::to_decimal(static_cast<std::int64_t>(applied_limit));
  return body;
}

/// A plan that needs nothing but its unit.
template <class Run>
Plan plain(Run run) {
  return {.run = [run = std::move(run)](const Unit& unit, const SlowWork&) { return run(unit); }};
}

}  // namespace operation_parts
}  // namespace vestibule::zitadel
