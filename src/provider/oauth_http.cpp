#include "provider/oauth_http.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "http/forms.h"
#include "jose/claims_writer.h"

namespace vestibule::provider {
namespace {

constexpr std::string_view form_type = "application/x-www-form-urlencoded";

oauth::Result<oauth::Parameters> parse(std::string_view text) {
  auto form = http::Form::parse(text);
  if (!form) {
    const int status = form.error().kind == base::ErrorKind::too_large ? 413 : 400;
    return oauth::fail("invalid_request", std::move(form.error().message), status);
  }
  return oauth::Parameters(form->fields());
}

std::string error_body(std::string_view code, std::string_view description) {
  jose::ClaimsWriter writer;
  writer.text("error", code).text_if("error_description", description);
  return std::move(writer).finish();
}

void log_refusal(const http::RequestHead& request, const oauth::Error& error) {
  if (error.detail.empty()) return;
  spdlog::info("{} refused: {} ({}) request={}", request.path, error.code, error.detail,
               request.request_id);
}

}  // namespace

bool has_form(const http::Request& request) {
  return http::has_media_type(request.headers, form_type);
}

oauth::Result<oauth::Parameters> read_form(const http::Request& request) {
  if (!has_form(request)) {
    return oauth::fail("invalid_request", "the body must be application/x-www-form-urlencoded");
  }
  auto parameters = parse(request.body);
  if (!parameters) return parameters;
  if (auto once = parameters->check_not_repeated(); !once) {
    return std::unexpected(std::move(once.error()));
  }
  return parameters;
}

oauth::Result<oauth::Parameters> read_parameters(const http::Request& request) {
  if (request.method != "POST") return parse(request.query);
  if (!has_form(request)) {
    return oauth::fail("invalid_request", "the body must be application/x-www-form-urlencoded");
  }
  return parse(request.body);
}

oauth::Result<oauth::ParsedCredentials> read_credentials(const http::Request& request,
                                                         const oauth::Parameters& form) {
  if (request.headers.count("Authorization") > 1) {
    return oauth::fail("invalid_request", "more than one Authorization field");
  }
  return oauth::parse_credentials(request.header("Authorization"), form);
}

http::Response uncached_json(int status, std::string body) {
  return http::Response::json(status, std::move(body))
      .with_header("Cache-Control", "no-store")
      .with_header("Pragma", "no-cache");
}

http::Response encode_error(const http::RequestHead& request, const oauth::Error& error) {
  log_refusal(request, error);
  auto response = uncached_json(error.status, error_body(error.code, error.description));
  if (error.status == 401) response.with_header("WWW-Authenticate", "Basic realm=\"vestibule\"");
  if (error.status == 503) response.with_header("Retry-After", "1");
  allow_any_origin(response);
  return response;
}

http::Response encode_tokens(const oauth::TokenResponse& tokens) {
  jose::ClaimsWriter writer;
  writer.text("access_token", tokens.access_token)
      .text_if("issued_token_type", tokens.issued_token_type)
      .text("token_type", tokens.token_type)
      .integer("expires_in", tokens.expires_in.count())
      .text_if("refresh_token", tokens.refresh_token.reveal())
      .text("scope", tokens.scope)
      .text_if("id_token", tokens.id_token);
  auto response = uncached_json(200, std::move(writer).finish());
  allow_any_origin(response);
  return response;
}

http::Response render_problem(const http::RequestHead&, const http::Problem& problem) {
  const int status = http::status_of(problem.kind);
  std::string_view code = "invalid_request";
  if (problem.kind == http::ProblemKind::internal) code = "server_error";
  if (problem.kind == http::ProblemKind::unavailable) code = "temporarily_unavailable";
  auto response = uncached_json(status, error_body(code, problem.message));
  if (problem.kind == http::ProblemKind::unavailable) response.with_header("Retry-After", "1");
  return response;
}

void allow_any_origin(http::Response& response) {
  response.headers.set("Access-Control-Allow-Origin", "*");
  response.headers.set("Access-Control-Expose-Headers",
                       "WWW-Authenticate, Retry-After, DPoP-Nonce");
}

}  // namespace vestibule::provider
