#include "gateway/answers.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "http/origin.h"

namespace vestibule::gateway {

namespace json = boost::json;

namespace {

http::Response fresh_json(int status, const json::object& body) {
  return http::Response::json(status, json::serialize(body))
      .with_header("Cache-Control", "private, no-store");
}

int status_of(const base::Error& error) {
  switch (error.kind) {
    case base::ErrorKind::invalid:
      return error.field.empty() ? 400 : 422;
    case base::ErrorKind::unauthenticated:
      return 401;
    case base::ErrorKind::forbidden:
      return 403;
    case base::ErrorKind::not_found:
      return 404;
    case base::ErrorKind::already_exists:
    case base::ErrorKind::conflict:
    case base::ErrorKind::gone:
      return 409;
    case base::ErrorKind::too_large:
      return 413;
    case base::ErrorKind::rate_limited:
      return 429;
    case base::ErrorKind::unavailable:
      return 503;
  }
  return 500;
}

json::value text_or_null(const std::string& text) {
  if (text.empty()) return nullptr;
  return json::value(text);
}

json::object write_work(const WorkChallenge& work) {
  return {{"challenge", work.text}, {"bits", work.bits}};
}

}  // namespace

http::Response error_answer(int status, std::string_view error, std::string_view message,
                            const FieldErrors& fields) {
  json::object named;
  for (const auto& [field, reason] : fields) named[field] = reason;
  return fresh_json(status, {{"error", error}, {"message", message}, {"fields", named}});
}

http::Response error_answer(const base::Error& error) {
  FieldErrors fields;
  if (!error.field.empty()) fields[error.field] = error.message;
  return error_answer(status_of(error), error.reason, error.message, fields);
}

http::Response too_many_requests(std::int64_t retry_after) {
  return error_answer(429, "rate_limited", "too many requests from this address")
      .with_header("Retry-After", std::to_string(retry_after));
}

http::Response work_answer(const WorkChallenge& work) {
  return fresh_json(403, {{"error", "proof_of_work_required"},
                          {"message", "many guests are made just now: show some work first"},
                          {"fields", json::object{}},
                          {"proof_of_work", write_work(work)}});
}

http::Response no_session_answer() {
  return error_answer(401, "no_session", "there is no session in this browser");
}

http::Response render_problem(const http::RequestHead&, const http::Problem& problem) {
  return error_answer(http::status_of(problem.kind), http::to_string(problem.kind),
                      problem.message);
}

http::Response session_answer(int status, const Profile& profile, const Grant& grant) {
  return fresh_json(status, {{"signed_in", true},
                             {"sub", profile.subject},
                             {"kind", profile.kind == ProfileKind::guest ? "guest" : "account"},
                             {"name", text_or_null(profile.name)},
                             {"email", text_or_null(profile.email)},
                             {"email_verified", profile.email_state == Profile::Email::verified},
                             {"expires_at", base::to_seconds(grant.session_expires_at)}});
}

http::Response signed_out_answer(const std::optional<WorkChallenge>& work) {
  json::object body{{"signed_in", false}};
  if (work) body["proof_of_work"] = write_work(*work);
  return fresh_json(200, body);
}

void add_cookies(http::Response& response, const std::vector<http::SetCookie>& cookies) {
  for (const auto& cookie : cookies) response.with_cookie(cookie);
}

std::optional<http::Response> refuse_foreign(const Context& context,
                                             const http::RequestHead& head) {
  if (http::check_csrf(head.headers, context.options.public_origin) == http::CsrfVerdict::allowed &&
      context.cause_of(head.headers) == Cause::own_page)
    return std::nullopt;
  return error_answer(403, "cross_site", "this call is for pages of the application only");
}

std::optional<http::Response> limit_sign_ins(Context& context, const http::RequestHead& head) {
  const auto verdict = context.sign_in_limiter.check(head.client_address, context.clock.now());
  if (verdict.allowed) return std::nullopt;
  return too_many_requests(verdict.retry_after_seconds());
}

std::optional<http::Response> refuse_entrance(const Admission& admission) {
  switch (admission.outcome) {
    case Admission::Outcome::admitted:
      return std::nullopt;
    case Admission::Outcome::rate_limited:
      return too_many_requests(admission.retry_after);
    case Admission::Outcome::work_due:
      break;
  }
  auto answer = work_answer(*admission.work);
  add_cookies(answer, admission.cookies);
  return answer;
}

std::optional<std::string> bearer_token(const http::HeaderList& headers) {
  const auto fields = headers.find_all("Authorization");
  if (fields.size() != 1) return std::nullopt;
  constexpr std::string_view scheme = "Bearer ";
  const auto field = fields.front();
  if (field.size() <= scheme.size() || !http::equal_names(field.substr(0, scheme.size()), scheme))
    return std::nullopt;
  const auto token = field.substr(scheme.size());
  const bool clean = std::ranges::all_of(token, [](char c) { return c > ' ' && c < 0x7f; });
  return clean ? std::optional(std::string(token)) : std::nullopt;
}

http::Response bearer_required() {
  return error_answer(401, "invalid_token", "a service account's bearer token is needed")
      .with_header("WWW-Authenticate", "Bearer");
}

}  // namespace vestibule::gateway
