#include <algorithm>

#include "remote/members.h"
#include "remote/zitadel_client.h"
#include "remote/zitadel_paths.h"

// The calls of the token and revocation endpoints, as the gateway's client.
namespace vestibule::remote {
namespace {

constexpr std::string_view jwt_type = "urn:ietf:params:oauth:token-type:jwt";

std::string shown(const base::Secret& secret) {
  return std::string(secret.reveal());
}

/// RFC 8693 2.2.1: `issued_token_type` says what was given, which need not be what was asked for.
/// The gateway's upstream verifies JWTs and nothing else.
bool is_jwt(const Question& question, const http::OutgoingResponse& answer, const Tokens& tokens) {
  const auto body = read_object(question, answer);
  bool wrong = false;
  return body && Members(*body, wrong).text("issued_token_type") == jwt_type &&
         std::ranges::count(tokens.access_token.reveal(), '.') == 2;
}

/// The token of the service account was the reason, and nothing else.
bool refuses_actor(const Answered& answer) {
  if (answer || answer.error().error.kind != CallError::Kind::refused) return false;
  return answer.error().message == "actor_token invalid";
}

Called<Tokens> tokens_in(const Question& question, const Answered& answer,
                         const std::string& scope) {
  if (!answer) return std::unexpected(answer.error().error);
  return read_tokens(question, *answer, scope);
}

}  // namespace

FormFields ZitadelClient::as_client(FormFields fields) const {
  fields.emplace_back("client_id", options_.client_id);
  if (!options_.client_secret.empty()) {
    fields.emplace_back("client_secret", shown(options_.client_secret));
  }
  return fields;
}

Answered ZitadelClient::exchange(const std::string& id, const base::Secret& actor) const {
  const Question question{.call = "token exchange",
                          .hidden = {actor.reveal(), options_.client_secret.reveal()}};
  FormFields fields{{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                    {"subject_token", id},
                    {"subject_token_type", "urn:zitadel:params:oauth:token-type:user_id"},
                    {"actor_token", shown(actor)},
                    {"actor_token_type", "urn:ietf:params:oauth:token-type:access_token"},
                    {"requested_token_type", std::string(jwt_type)},
                    {"scope", options_.guest_scope}};
  if (!options_.audience.empty()) fields.emplace_back("audience", options_.audience);
  return post_form(client_, question, base_ + std::string(paths::token),
                   as_client(std::move(fields)));
}

Called<Tokens> ZitadelClient::impersonate(const std::string& id) {
  const Question question{.call = "token exchange"};
  auto actor = service_token_.bearer();
  if (!actor) return std::unexpected(actor.error());
  auto answer = exchange(id, *actor);
  if (refuses_actor(answer) && service_token_.renewable()) {
    actor = service_token_.renewed(*actor);
    if (!actor) return std::unexpected(actor.error());
    answer = exchange(id, *actor);
  }
  auto tokens = tokens_in(question, answer, options_.guest_scope);
  if (tokens && !is_jwt(question, *answer, *tokens)) {
    return std::unexpected(malformed(question, answer->status));
  }
  return tokens;
}

Called<Tokens> ZitadelClient::redeem_code(const CodeExchange& exchange) {
  const Question question{.call = "authorization code",
                          .hidden = {exchange.code.reveal(), exchange.code_verifier.reveal(),
                                     options_.client_secret.reveal()}};
  const auto answer = post_form(client_, question, base_ + std::string(paths::token),
                                as_client({{"grant_type", "authorization_code"},
                                           {"code", shown(exchange.code)},
                                           {"redirect_uri", options_.redirect_uri},
                                           {"code_verifier", shown(exchange.code_verifier)}}));
  return tokens_in(question, answer, options_.scope);
}

Called<Tokens> ZitadelClient::refresh(const base::Secret& refresh_token) {
  const Question question{.call = "refresh",
                          .hidden = {refresh_token.reveal(), options_.client_secret.reveal()}};
  const auto answer = post_form(
      client_, question, base_ + std::string(paths::token),
      as_client({{"grant_type", "refresh_token"}, {"refresh_token", shown(refresh_token)}}));
  return tokens_in(question, answer, options_.scope);
}

Called<void> ZitadelClient::revoke(const base::Secret& refresh_token) {
  const Question question{.call = "revocation",
                          .hidden = {refresh_token.reveal(), options_.client_secret.reveal()}};
  // RFC 7009 2.2: what the body of the answer says means nothing.
  const auto answer =
      post_form(client_, question, base_ + std::string(paths::revoke),
                as_client({{"token", shown(refresh_token)}, {"token_type_hint", "refresh_token"}}));
  if (!answer) return std::unexpected(answer.error().error);
  return {};
}

Called<Identity> ZitadelClient::verify_id_token(const base::Secret& id_token, base::Time now) {
  return id_tokens_.verify(id_token, now);
}

}  // namespace vestibule::remote
