#include "remote/answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>

#include "remote/conceal.h"

namespace vestibule::remote {

namespace json = boost::json;

namespace {

using Kind = CallError::Kind;

/// The canonical codes by their numbers (google.rpc.Code), as Connect spells them.
constexpr std::array<std::string_view, 17> code_names{
    "ok",        "canceled",       "unknown",           "invalid_argument",   "deadline_exceeded",
    "not_found", "already_exists", "permission_denied", "resource_exhausted", "failed_precondition",
    "aborted",   "out_of_range",   "unimplemented",     "internal",           "unavailable",
    "data_loss", "unauthenticated"};

std::optional<json::object> parse_object(const std::string& text) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = 32;
  auto value = json::parse(text, error, {}, options);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

Kind kind_of(int status) {
  if (status == 429) return Kind::unreachable;
  const bool refused = status >= 400 && status < 500 && status != 408;
  return refused ? Kind::refused : Kind::unknown;
}

Kind kind_of(http::OutgoingError::Kind kind) {
  using Outgoing = http::OutgoingError::Kind;
  switch (kind) {
    case Outgoing::invalid_url:
    case Outgoing::address_refused:
    case Outgoing::resolve_failed:
    case Outgoing::connect_failed:
    case Outgoing::tls_failed:
      return Kind::unreachable;
    case Outgoing::timeout:
    case Outgoing::too_large:
    case Outgoing::protocol:
      break;
  }
  return Kind::unknown;
}

/// What an answer that is no success says of itself.
struct Envelope {
  std::string code;
  std::string id;
  std::string message;
};

/// Codes are words; whatever else stands in their place is not repeated.
std::string word(std::string_view text) {
  const auto fits = [](char c) { return c == '_' || (c >= 'a' && c <= 'z'); };
  const bool is_word = text.size() <= 64 && std::ranges::all_of(text, fits);
  return is_word ? std::string(text) : std::string();
}

std::string code_in(const json::object& body) {
  if (const auto* error = body.if_contains("error"); error != nullptr && error->is_string()) {
    return word(error->as_string());
  }
  const auto* code = body.if_contains("code");
  if (code == nullptr) return {};
  if (code->is_string()) return word(code->as_string());
  if (!code->is_int64()) return {};
  const auto number = code->as_int64();
  const bool known = number > 0 && static_cast<std::size_t>(number) < code_names.size();
  return known ? std::string(code_names[static_cast<std::size_t>(number)]) : std::string();
}

/// Takes the id away that both of ZITADEL's envelopes put behind the message: `… (V3-DKcYh)`.
std::string split_id(std::string& message) {
  if (!message.ends_with(')')) return {};
  const auto open = message.rfind(" (");
  if (open == std::string::npos) return {};
  const auto id = message.substr(open + 2, message.size() - open - 3);
  const auto is_plain = [](char c) {
    return c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  const bool is_id = id.size() <= 40 && std::ranges::all_of(id, is_plain) &&
                     std::ranges::count(id, '-') == 1 && !id.starts_with('-') && !id.ends_with('-');
  if (!is_id) return {};
  message.resize(open);
  return id;
}

Envelope read_envelope(const std::string& text) {
  const auto body = parse_object(text);
  if (!body) return {};
  Envelope envelope{.code = code_in(*body), .id = {}, .message = {}};
  for (const auto* const name : {"message", "error_description"}) {
    const auto* value = body->if_contains(name);
    if (value == nullptr || !value->is_string()) continue;
    envelope.message.assign(value->as_string().data(), value->as_string().size());
  }
  envelope.id = split_id(envelope.message);
  // A taken user name is already_exists there, a taken id is this.
  if (envelope.id == "COMMAND-7yiox1isql") envelope.code = "already_exists";
  if (envelope.id == "VST-Reg01") envelope.code = "out_of_reach";
  if (envelope.code == "not_found") {
    if (envelope.id.empty()) envelope.code.clear();
    if (envelope.id.starts_with("AUTHZ-")) envelope.code = "permission_denied";
  }
  return envelope;
}

Failure failure(const Question& question, const http::OutgoingResponse& answer) {
  auto envelope = read_envelope(answer.body);
  auto detail = fmt::format("{}: {}", question.call, answer.status);
  if (answer.status >= 300 && answer.status < 400) detail += ": redirects are not followed";
  if (!envelope.code.empty()) detail += " " + envelope.code;
  if (!envelope.id.empty()) detail += " (" + envelope.id + ")";
  if (!envelope.message.empty()) detail += ": " + conceal(envelope.message, question.hidden);
  return {.error = {.kind = kind_of(answer.status),
                    .status = answer.status,
                    .code = std::move(envelope.code),
                    .detail = std::move(detail)},
          .id = std::move(envelope.id),
          .message = std::move(envelope.message)};
}

Failure failure(const Question& question, const http::OutgoingError& error) {
  return {.error = {.kind = kind_of(error.kind),
                    .status = 0,
                    .code = {},
                    .detail = fmt::format("{}: {}: {}", question.call, http::to_string(error.kind),
                                          error.detail)}};
}

}  // namespace

Answered ask(const http::OutgoingClient& client, const Question& question,
             const http::OutgoingRequest& request) {
  auto answer = client.send(request);
  if (!answer) return std::unexpected(failure(question, answer.error()));
  if (answer->status < 200 || answer->status >= 300) {
    return std::unexpected(failure(question, *answer));
  }
  return std::move(*answer);
}

CallError malformed(const Question& question, int status) {
  return {.kind = Kind::unknown,
          .status = status,
          .code = {},
          .detail = fmt::format("{}: {}: the answer was not understood", question.call, status)};
}

Called<json::object> read_object(const Question& question, const http::OutgoingResponse& answer) {
  auto object = parse_object(answer.body);
  if (!object) return std::unexpected(malformed(question, answer.status));
  return std::move(*object);
}

}  // namespace vestibule::remote
