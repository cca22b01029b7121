#include "oauth/end_session.h"

#include <algorithm>
#include <utility>

#include "accounts/users.h"
#include "base/encoding.h"

namespace vestibule::oauth {
namespace {

/// The client that the request speaks for: of client_id, else of the hint's `azp`.
Result<std::optional<Client>> find_requester(store::Transaction& tx, const Parameters& parameters,
                                             const std::optional<jose::Claims>& hint) {
  std::string text = parameters.get("client_id");
  if (hint) {
    // RP-Initiated Logout 2: client_id and the audience of the hint must agree.
    if (!text.empty() && !hint->has_audience(text)) {
      return fail("invalid_request", "client_id differs from the audience of id_token_hint");
    }
    if (text.empty()) text = hint->authorized_party;
  }
  if (text.empty()) return std::optional<Client>();
  const auto id = base::parse_id<base::ClientId>(text);
  auto client = id ? find_client(tx, *id) : std::nullopt;
  if (!client) return fail("invalid_client", "no active client not found");
  return client;
}

}  // namespace

std::string EndSession::location() const {
  if (post_logout_redirect_uri.empty() || state.empty()) return post_logout_redirect_uri;
  const char separator = post_logout_redirect_uri.find('?') == std::string::npos ? '?' : '&';
  return post_logout_redirect_uri + separator + "state=" + base::percent_encode(state);
}

Result<EndSession> validate_end_session(store::Transaction& tx, const TokenIssuer& issuer,
                                        const Parameters& parameters, base::Time now) {
  if (auto once = parameters.check_not_repeated(); !once) {
    return std::unexpected(std::move(once.error()));
  }
  EndSession request;
  std::optional<jose::Claims> hint;
  if (const auto text = parameters.find("id_token_hint")) {
    hint = issuer.parse_id_token(*text, jose::Expiry::ignored, now);
    if (!hint) return fail("invalid_request", "id_token_hint invalid");
    request.hinted_user = accounts::resolve_subject(tx, hint->subject);
    if (const auto session = base::Uuid::from_token(hint->session_id)) {
      request.hinted_session = base::SessionId{*session};
    }
  }
  const auto client = find_requester(tx, parameters, hint);
  if (!client) return std::unexpected(client.error());
  request.state = parameters.get("state");
  if (auto uri = parameters.find("post_logout_redirect_uri")) {
    if (!*client) {
      return fail("invalid_request",
                  "post_logout_redirect_uri needs an id_token_hint or a client_id");
    }
    const auto& registered = (*client)->post_logout_redirect_uris;
    if (std::ranges::find(registered, *uri) == registered.end()) {
      return fail("invalid_request", "post_logout_redirect_uri is not registered");
    }
    request.post_logout_redirect_uri = std::move(*uri);
  }
  return request;
}

}  // namespace vestibule::oauth
