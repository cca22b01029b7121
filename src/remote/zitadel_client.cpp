#include "remote/zitadel_client.h"

#include <utility>

#include "remote/zitadel_paths.h"

namespace vestibule::remote {
namespace {

constexpr int unauthorized = 401;

/// An error of the token that a call needed, in that call's name.
Failure unsent(const Question& question, const CallError& error) {
  Failure failure{.error = error};
  failure.error.detail = std::string(question.call) + ": not sent: " + error.detail;
  return failure;
}

}  // namespace

ZitadelClient::ZitadelClient(ZitadelOptions options, const base::Clock& clock)
    : options_(std::move(options)),
      base_(base_url(options_.issuer)),
      client_(options_.outgoing),
      service_token_(options_, client_, clock),
      keys_(base_ + std::string(paths::keys), client_, clock),
      id_tokens_(options_.issuer, options_.client_id, keys_) {}

base::Milliseconds ZitadelClient::longest_call() const {
  // With a key: a token, the call, another token because that one was refused, the call again.
  const int requests = service_token_.renewable() ? 4 : 1;
  return requests * options_.outgoing.total_timeout;
}

Answered ZitadelClient::call(ApiCall call, const base::Secret& bearer) const {
  http::OutgoingRequest request{.method = std::move(call.method),
                                .url = base_ + call.path,
                                .headers = {},
                                .body = std::move(call.body)};
  request.headers.add("Accept", "application/json");
  request.headers.add("Accept-Language", "en");
  request.headers.add("Authorization", "Bearer " + std::string(bearer.reveal()));
  if (!request.body.empty()) request.headers.add("Content-Type", "application/json");
  call.question.hidden.push_back(bearer.reveal());
  return ask(client_, call.question, request);
}

Answered ZitadelClient::call_as_service(const ApiCall& api_call) {
  auto token = service_token_.bearer();
  if (!token) return std::unexpected(unsent(api_call.question, token.error()));
  auto answer = call(api_call, *token);
  const bool is_refused = !answer && answer.error().error.status == unauthorized;
  if (!is_refused || !service_token_.renewable()) return answer;
  token = service_token_.renewed(*token);
  if (!token) return std::unexpected(unsent(api_call.question, token.error()));
  return call(api_call, *token);
}

}  // namespace vestibule::remote
