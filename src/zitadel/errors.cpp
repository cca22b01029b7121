#include "zitadel/errors.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/encoding.h"

namespace vestibule::zitadel {

namespace json = boost::json;

namespace {

// A length-delimited field of protobuf's wire format.
void append_field(std::string& out, unsigned number, std::string_view text) {
  constexpr unsigned length_delimited = 2;
  out += static_cast<char>((number << 3U) | length_delimited);
  auto length = text.size();
  for (; length > 0x7fU; length >>= 7U) out += static_cast<char>((length & 0x7fU) | 0x80U);
  out += static_cast<char>(length);
  out += text;
}

std::string error_detail(const Error& error) {
  std::string wire;
  append_field(wire, 1, error.id);
  append_field(wire, 2, error.message);
  auto text = base::to_base64(wire);
  while (text.ends_with('=')) text.pop_back();
  return text;
}

}  // namespace

std::string_view name_of(Code code) {
  switch (code) {
    case Code::invalid_argument:
      return "invalid_argument";
    case Code::not_found:
      return "not_found";
    case Code::already_exists:
      return "already_exists";
    case Code::permission_denied:
      return "permission_denied";
    case Code::resource_exhausted:
      return "resource_exhausted";
    case Code::failed_precondition:
      return "failed_precondition";
    case Code::aborted:
      return "aborted";
    case Code::unimplemented:
      return "unimplemented";
    case Code::internal:
      return "internal";
    case Code::unavailable:
      return "unavailable";
    case Code::unauthenticated:
      return "unauthenticated";
  }
  return "internal";
}

int status_of(Code code) {
  switch (code) {
    case Code::invalid_argument:
    case Code::failed_precondition:
      return 400;
    case Code::not_found:
      return 404;
    case Code::already_exists:
    case Code::aborted:
      return 409;
    case Code::permission_denied:
      return 403;
    case Code::resource_exhausted:
      return 429;
    case Code::unimplemented:
      return 501;
    case Code::internal:
      return 500;
    case Code::unavailable:
      return 503;
    case Code::unauthenticated:
      return 401;
  }
  return 500;
}

Error from_domain(const base::Error& error) {
  if (error.reason == "username_taken") return refusals::user_exists;
  if (error.reason == "id_taken") return refusals::id_exists;
  if (error.reason == "merging") return refusals::merging;
  const auto code = [&] {
    switch (error.kind) {
      case base::ErrorKind::invalid:
      case base::ErrorKind::too_large:
        return Code::invalid_argument;
      case base::ErrorKind::unauthenticated:
        return Code::unauthenticated;
      case base::ErrorKind::forbidden:
        return Code::permission_denied;
      case base::ErrorKind::not_found:
      case base::ErrorKind::gone:
        return Code::not_found;
      case base::ErrorKind::already_exists:
        return Code::already_exists;
      case base::ErrorKind::conflict:
        return Code::aborted;
      case base::ErrorKind::rate_limited:
        return Code::resource_exhausted;
      case base::ErrorKind::unavailable:
        return Code::unavailable;
    }
    return Code::internal;
  }();
  // ZITADEL's own ids, which the domain names where it follows ZITADEL's rules.
  const bool has_id = error.reason.starts_with("DOMAIN-");
  return {code, has_id ? std::string(error.reason) : std::string{}, error.message};
}

std::string shown_message(const Error& error) {
  return error.id.empty() ? error.message : error.message + " (" + error.id + ")";
}

std::string connect_error_json(const Error& error) {
  json::object body{{"code", name_of(error.code)}, {"message", shown_message(error)}};
  if (!error.id.empty()) {
    body["details"] =
        json::array{json::object{{"type", "zitadel.v1.ErrorDetail"},
                                 {"value", error_detail(error)},
                                 {"debug", {{"id", error.id}, {"message", error.message}}}}};
  }
  return json::serialize(body);
}

std::string rest_error_json(const Error& error) {
  json::object body{{"code", static_cast<int>(error.code)}, {"message", shown_message(error)}};
  if (!error.id.empty()) {
    body["details"] =
        json::array{json::object{{"@type", "type.googleapis.com/zitadel.v1.ErrorDetail"},
                                 {"id", error.id},
                                 {"message", error.message}}};
  }
  return json::serialize(body);
}

}  // namespace vestibule::zitadel
