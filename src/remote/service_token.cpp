#include "remote/service_token.h"

#include <algorithm>
#include <stdexcept>

#include "base/text.h"
#include "http/headers.h"
#include "remote/token_endpoint.h"
#include "remote/zitadel_paths.h"

namespace vestibule::remote {
namespace {

constexpr base::Seconds margin{60};
/// By this scope ZITADEL makes a token that opens its own API.
constexpr std::string_view own_api_scope = "urn:zitadel:iam:org:project:id:zitadel:aud";

std::optional<ServiceKey> parse_key(const base::Secret& file) {
  if (file.empty()) return std::nullopt;
  auto key = ServiceKey::parse(file);
  if (!key) throw std::invalid_argument(key.error().message);
  return std::move(*key);
}

/// ZITADEL takes a token as the actor of an exchange only if it is meant for the exchanging client
/// or its project, and only a personal one is meant for all.
/// And an exchange gives no scope that its actor has not.
std::string scope_for(const std::string& guest_scope, const std::string& project) {
  std::string scope = guest_scope + " " + std::string(own_api_scope);
  if (!project.empty()) scope += " urn:zitadel:iam:org:project:id:" + project + ":aud";
  return scope;
}

/// What a failed fetch means for the call that needed the token: it was not sent.
CallError unsent(CallError error) {
  if (error.kind == CallError::Kind::refused) {
    error.code = "unauthenticated";
  } else {
    error.kind = CallError::Kind::unreachable;
  }
  return error;
}

}  // namespace

ServiceToken::ServiceToken(const ZitadelOptions& options, const http::OutgoingClient& client,
                           const base::Clock& clock)
    : personal_token_(std::string(base::trim(options.service_token.reveal()))),
      key_(personal_token_.empty() ? parse_key(options.service_key) : std::nullopt),
      issuer_(options.issuer),
      token_url_(base_url(options.issuer) + std::string(paths::token)),
      scope_(scope_for(options.guest_scope, options.audience)),
      client_(client),
      clock_(clock) {
  if (!key_ && (personal_token_.empty() || !http::valid_field_value(personal_token_.reveal()))) {
    throw std::invalid_argument("the remote service account has no usable token and no key");
  }
}

Called<base::Secret> ServiceToken::bearer() {
  if (!key_) return personal_token_;
  return fetch_unless(nullptr);
}

Called<base::Secret> ServiceToken::renewed(const base::Secret& refused) {
  const auto text = refused.reveal();
  return fetch_unless(&text);
}

Called<base::Secret> ServiceToken::fetch_unless(const std::string_view* refused) {
  auto known = [&]() -> std::optional<Called<Held>> {
    if (!held_ || clock_.now() >= held_->usable_until) return std::nullopt;
    if (refused != nullptr && held_->token.reveal() == *refused) return std::nullopt;
    return *held_;
  };
  auto keep = [&](const Called<Held>& fetched) {
    if (fetched) held_ = *fetched;
  };
  const auto held = fetches_.run(known, [&] { return fetch(); }, keep);
  if (!held) return std::unexpected(held.error());
  return held->token;
}

Called<ServiceToken::Held> ServiceToken::fetch() const {
  const auto now = clock_.now();
  const auto assertion = key_->assertion(issuer_, now);
  const Question question{.call = "service token", .hidden = {assertion.reveal()}};
  const FormFields fields{{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                          {"scope", scope_},
                          {"assertion", std::string(assertion.reveal())}};
  const auto answer = post_form(client_, question, token_url_, fields);
  if (!answer) return std::unexpected(unsent(answer.error().error));
  auto tokens = read_tokens(question, *answer, scope_);
  if (!tokens) return std::unexpected(unsent(tokens.error()));
  if (!http::valid_field_value(tokens->access_token.reveal())) {
    return std::unexpected(unsent(malformed(question, answer->status)));
  }
  // Long enough before its end for the calls that it is taken for.
  const base::Seconds life{std::min<std::int64_t>(tokens->expires_in, 24 * 3600)};
  return Held{.token = std::move(tokens->access_token),
              .usable_until = now + life - std::min(margin, life / 2)};
}

}  // namespace vestibule::remote
