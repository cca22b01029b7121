#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gateway/context.h"
#include "gateway/identity_provider.h"
#include "http/cookies.h"
#include "http/problem.h"
#include "http/request.h"
#include "http/response.h"

namespace vestibule::gateway {

/// Reasons per field of a form, in the order of their names.
using FieldErrors = std::map<std::string, std::string>;

/// `{"error","message","fields"}`, never stored by a cache.
http::Response error_answer(int status, std::string_view error, std::string_view message,
                            const FieldErrors& fields = {});
/// An Error in the API's form. gone is 409: to a browser it is a state of its own session.
http::Response error_answer(const base::Error& error);
/// 429 with Retry-After.
http::Response too_many_requests(std::int64_t retry_after);
/// 403 `proof_of_work_required` with what is to be solved.
http::Response work_answer(const WorkChallenge& work);
/// 401 `no_session`.
http::Response no_session_answer();
/// The API's own form for what http/ refuses.
http::Response render_problem(const http::RequestHead& head, const http::Problem& problem);

/// `{"signed_in":true,…}`; `expires_at` is the session's.
http::Response session_answer(int status, const Profile& profile, const Grant& grant);
/// `{"signed_in":false}`, with `proof_of_work` if that is due before there can be a session.
http::Response signed_out_answer(const std::optional<WorkChallenge>& work);

void add_cookies(http::Response& response, const std::vector<http::SetCookie>& cookies);

/// The first test of each state-changing browser call: 403 unless a page of our own origin made it.
std::optional<http::Response> refuse_foreign(const Context& context, const http::RequestHead& head);
/// Counts the call against the client's address: 429 above the limit.
std::optional<http::Response> limit_sign_ins(Context& context, const http::RequestHead& head);

/// The token of the one `Authorization: Bearer` field (RFC 6750 section 2.1); nullopt otherwise.
std::optional<std::string> bearer_token(const http::HeaderList& headers);
/// Why a request is not admitted, in the API's form, with the cookies that belong to it; nullopt if
/// it is.
std::optional<http::Response> refuse_entrance(const Admission& admission);

/// 401 with WWW-Authenticate.
http::Response bearer_required();

}  // namespace vestibule::gateway
