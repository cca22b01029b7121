#include "remote/token_endpoint.h"

#include "base/text.h"
#include "http/forms.h"
#include "remote/members.h"

namespace vestibule::remote {
namespace {

std::optional<base::Secret> optional_secret(std::string text) {
  if (text.empty()) return std::nullopt;
  return base::Secret(std::move(text));
}

}  // namespace

Answered post_form(const http::OutgoingClient& client, const Question& question,
                   const std::string& url, const FormFields& fields) {
  http::OutgoingRequest request{.method = "POST", .url = url, .headers = {}, .body = {}};
  request.headers.add("Accept", "application/json");
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.body = http::encode_form(fields);
  return ask(client, question, request);
}

Called<Tokens> read_tokens(const Question& question, const http::OutgoingResponse& answer,
                           const std::string& scope) {
  const auto body = read_object(question, answer);
  if (!body) return std::unexpected(body.error());
  bool wrong = false;
  const Members members(*body, wrong);
  Tokens tokens{.access_token = base::Secret(members.text("access_token")),
                .expires_in = members.integer("expires_in"),
                .scope = members.text("scope"),
                .refresh_token = optional_secret(members.text("refresh_token")),
                .id_token = optional_secret(members.text("id_token"))};
  // RFC 6749 7.1: a token of a type that is not understood must not be used.
  const bool is_bearer = base::to_lower_ascii(members.text("token_type")) == "bearer";
  if (wrong || !is_bearer || tokens.access_token.empty() || tokens.expires_in <= 0) {
    return std::unexpected(malformed(question, answer.status));
  }
  if (tokens.scope.empty()) tokens.scope = scope;
  return tokens;
}

}  // namespace vestibule::remote
