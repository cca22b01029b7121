#include "zitadel/protocol.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "http/forms.h"
#include "zitadel/field_names.h"

namespace vestibule::zitadel {
namespace {

/// The words of Go's encoding/json, through which ZITADEL's REST bodies go first.
std::string plain_syntax(const JsonFault& fault) {
  switch (fault.kind) {
    case JsonFault::Kind::unexpected_end:
      return "unexpected EOF";
    case JsonFault::Kind::too_deep:
      return "exceeded max depth";
    case JsonFault::Kind::invalid_text:
      return fault.token;
    case JsonFault::Kind::unexpected_token:
    case JsonFault::Kind::invalid_value:
      break;
  }
  return fmt::format("invalid character in JSON at {}", fault.token);
}

/// The words of protobuf's JSON reader.
std::string proto_syntax(const JsonFault& fault, std::string_view text) {
  const auto [line, column] = position_of(text, fault.offset);
  switch (fault.kind) {
    case JsonFault::Kind::unexpected_end:
      return "proto: unexpected EOF";
    case JsonFault::Kind::too_deep:
      return "proto: exceeded max recursion depth";
    case JsonFault::Kind::invalid_text:
      return fmt::format("proto: syntax error (line {}:{}): {}", line, column, fault.token);
    case JsonFault::Kind::invalid_value:
      return fmt::format("proto: syntax error (line {}:{}): invalid value {}", line, column,
                         fault.token);
    case JsonFault::Kind::unexpected_token:
      break;
  }
  return fmt::format("proto: syntax error (line {}:{}): unexpected token {}", line, column,
                     fault.token);
}

std::string proto_fault(const DecodeFault& fault, std::string_view text) {
  const auto [line, column] = position_of(text, fault.offset);
  const auto* const kind = fault.kind == DecodeFault::Kind::syntax ? "syntax error " : "";
  return fmt::format("proto: {}(line {}:{}): {}", kind, line, column, fault.message);
}

Result<Record> read_body(Protocol protocol, const Operation& operation, const std::string& body) {
  const auto unmarshal = [&](const std::string& why) {
    if (protocol == Protocol::rest) return invalid(why);
    return invalid(
        fmt::format("unmarshal message: unmarshal into *{}: {}", operation.go_type, why));
  };
  const auto node = read_json(body);
  if (!node) {
    return unmarshal(protocol == Protocol::rest ? plain_syntax(node.error())
                                                : proto_syntax(node.error(), body));
  }
  auto record = decode(*operation.message, *node);
  if (record) return std::move(*record);
  if (record.error().kind == DecodeFault::Kind::unsupported) {
    return refuse({Code::unimplemented, "", record.error().message});
  }
  return unmarshal(proto_fault(record.error(), body));
}

// What REST says beside the body: {user_id} in the path, and repeated query parameters.
Result<void> read_target(const http::Request& request, Record& record) {
  const auto has_field = [&](std::string_view name) {
    return std::ranges::any_of(record.message().fields,
                               [&](const Field& field) { return field.name == name; });
  };
  for (const auto& [name, value] : request.parameters) {
    const auto field = std::ranges::find_if(record.message().fields, [&](const Field& candidate) {
      return proto_name(candidate.name) == name;
    });
    if (field != record.message().fields.end()) record.set_text(field->name, value);
  }
  if (!has_field("keys")) return {};
  const auto query = http::Form::parse(request.query);
  if (!query) return invalid(query.error().message);
  for (const auto key : query->all("keys")) record.add_text("keys", std::string(key));
  return {};
}

}  // namespace

void allow_any_origin(http::Response& response) {
  response.headers.set("Access-Control-Allow-Origin", "*");
  response.headers.set("Access-Control-Expose-Headers", "WWW-Authenticate, Retry-After");
}

http::Response encode(Protocol, std::string body) {
  auto response = http::Response::json(200, std::move(body));
  response.with_header("Cache-Control", "no-store");
  allow_any_origin(response);
  return response;
}

http::Response encode(Protocol protocol, const Error& error) {
  const bool is_rest = protocol == Protocol::rest;
  auto response = http::Response::json(
      status_of(error.code), is_rest ? rest_error_json(error) : connect_error_json(error));
  response.with_header("Cache-Control", "no-store");
  if (is_rest && error.code == Code::unauthenticated) {
    response.with_header("WWW-Authenticate", shown_message(error));
  }
  allow_any_origin(response);
  return response;
}

http::ErrorRenderer problem_renderer(Protocol protocol) {
  return [protocol](const http::RequestHead&, const http::Problem& problem) {
    Error error{Code::internal, "", problem.message};
    switch (problem.kind) {
      case http::ProblemKind::malformed:
        error.code = Code::invalid_argument;
        break;
      case http::ProblemKind::body_too_large:
        error.code = Code::resource_exhausted;
        break;
      case http::ProblemKind::unavailable:
        error.code = Code::unavailable;
        break;
      default:
        break;
    }
    auto response = encode(protocol, error);
    response.status = http::status_of(problem.kind);
    return response;
  };
}

Result<std::string> read_bearer(const http::Request& request) {
  const auto field = request.header("Authorization");
  if (!field || field->empty()) return refuse(refusals::header_missing);
  const auto space = field->find(' ');
  const bool is_bearer = space != std::string_view::npos &&
                         base::to_lower_ascii(field->substr(0, space)) == "bearer" &&
                         request.headers.count("Authorization") == 1;
  if (!is_bearer) return refuse(refusals::token_invalid);
  return std::string(base::trim(field->substr(space + 1)));
}

Result<Record> read_message(Protocol protocol, const Operation& operation,
                            const http::Request& request) {
  Record record(*operation.message);
  if (protocol == Protocol::connect && request.body.empty()) {
    return invalid("unmarshal message: zero-length payload is not a valid JSON object");
  }
  if (!request.body.empty()) {
    auto read = read_body(protocol, operation, request.body);
    if (!read) return read;
    record = std::move(*read);
  }
  if (protocol == Protocol::rest) {
    if (auto read = read_target(request, record); !read) return refuse(read.error());
  }
  if (const auto broken = validate(record)) return invalid(*broken);
  return record;
}

}  // namespace vestibule::zitadel
