#include "oauth/claims_request.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>
#include <utility>

#include "oauth/claim_names.h"

namespace vestibule::oauth {
namespace {

namespace json = boost::json;

/// More than all known claims with values; it is copied into the sealed request and the grant.
constexpr std::size_t longest_parameter = 8192;

std::unexpected<Error> malformed(std::string_view what) {
  return fail("invalid_request", "claims: " + std::string(what));
}

/// `value` and `values` of one claim as strings (Core section 5.5.1).
Result<std::vector<std::string>> read_values(const json::object& wish) {
  std::vector<std::string> values;
  const auto add = [&](const json::value& value) {
    if (!value.is_string()) return false;
    values.emplace_back(value.as_string());
    return true;
  };
  if (const auto* value = wish.if_contains("value"); value && !add(*value)) {
    return malformed("value has the wrong type");
  }
  if (const auto* list = wish.if_contains("values")) {
    if (!list->is_array() || !std::ranges::all_of(list->as_array(), add)) {
      return malformed("values has the wrong type");
    }
  }
  return values;
}

bool is_essential(const json::object& wish) {
  const auto* essential = wish.if_contains("essential");
  return essential != nullptr && essential->is_bool() && essential->as_bool();
}

Result<void> read_subject(const json::object& wish, ClaimsRequest& request) {
  auto values = read_values(wish);
  if (!values) return std::unexpected(std::move(values.error()));
  for (auto& value : *values) {
    if (request.subject && *request.subject != value) return malformed("sub names several users");
    request.subject = std::move(value);
  }
  return {};
}

Result<void> read_acr(const json::object& wish, ClaimsRequest& request) {
  auto values = read_values(wish);
  if (!values) return std::unexpected(std::move(values.error()));
  if (is_essential(wish)) request.essential_acr = std::move(*values);
  return {};
}

/// One of the two members of the parameter.
Result<void> read_member(const json::object& document, std::string_view member,
                         std::vector<std::string>& names, ClaimsRequest& request) {
  const auto* claims = document.if_contains(member);
  if (claims == nullptr || claims->is_null()) return {};
  if (!claims->is_object()) return malformed(std::string(member) + " has to be an object");
  static const json::object no_wish;
  for (const auto& [name, value] : claims->as_object()) {
    if (!value.is_null() && !value.is_object()) {
      return malformed("a claim is asked for with null or an object");
    }
    const auto& wish = value.is_null() ? no_wish : value.as_object();
    if (const auto* essential = wish.if_contains("essential");
        essential != nullptr && !essential->is_bool()) {
      return malformed("essential has to be true or false");
    }
    Result<void> read;
    if (name == "sub") read = read_subject(wish, request);
    // Only an ID token tells how somebody signed in.
    if (name == "acr" && member == "id_token") read = read_acr(wish, request);
    if (!read) return read;
    if (is_claim_name(name)) names.emplace_back(name);
  }
  return {};
}

json::object to_member(const std::vector<std::string>& names) {
  json::object member;
  for (const auto& name : names) member[name] = nullptr;
  return member;
}

}  // namespace

Result<ClaimsRequest> ClaimsRequest::parse(std::string_view parameter) {
  if (parameter.size() > longest_parameter) return malformed("too long");
  boost::system::error_code bad;
  const auto document = json::parse(parameter, bad);
  if (bad || !document.is_object()) return malformed("not a JSON object");
  ClaimsRequest request;
  const auto& members = document.as_object();
  if (auto read = read_member(members, "userinfo", request.userinfo, request); !read) {
    return std::unexpected(std::move(read.error()));
  }
  if (auto read = read_member(members, "id_token", request.id_token, request); !read) {
    return std::unexpected(std::move(read.error()));
  }
  return request;
}

std::string ClaimsRequest::to_json() const {
  json::object document;
  if (!userinfo.empty()) document["userinfo"] = to_member(userinfo);
  if (!id_token.empty()) document["id_token"] = to_member(id_token);
  return document.empty() ? std::string() : json::serialize(document);
}

ClaimsRequest ClaimsRequest::remembered(std::string_view document) {
  if (document.empty()) return {};
  auto request = parse(document);
  if (!request) throw std::runtime_error("a grant remembers malformed claims");
  return std::move(*request);
}

bool ClaimsRequest::accepts_acr(std::string_view acr) const {
  return essential_acr.empty() || std::ranges::find(essential_acr, acr) != essential_acr.end();
}

}  // namespace vestibule::oauth
