#include "provider/logout_request.h"

#include "keys/sealer.h"

namespace vestibule::provider {
namespace {

constexpr std::string_view request_purpose = "end-session-request";
constexpr std::string_view confirm_purpose = "end-session";
constexpr base::Milliseconds life = std::chrono::hours(24);

}  // namespace

// SESSION or nothing, USER or nothing, LOCATION, separated by spaces, which none of them has.
std::string seal_logout_request(ProviderContext& context, const LogoutRequest& request,
                                base::Time now) {
  const auto plain = (request.session ? request.session->token() : "") + " " +
                     (request.user ? base::to_string(*request.user) : "") + " " + request.location;
  return keys::Sealer(context.purposes, context.random)
      .seal(request_purpose, context.issuer.issuer(), plain, now);
}

std::optional<LogoutRequest> open_logout_request(ProviderContext& context, std::string_view sealed,
                                                 base::Time now) {
  const auto plain = keys::Sealer(context.purposes, context.random)
                         .open(request_purpose, context.issuer.issuer(), sealed, now, life);
  if (!plain) return std::nullopt;
  const auto first = plain->find(' ');
  const auto second = plain->find(' ', first + 1);
  LogoutRequest request;
  if (const auto id = base::Uuid::from_token(plain->substr(0, first))) {
    request.session = base::SessionId{*id};
  }
  request.user = base::parse_id<base::UserId>(plain->substr(first + 1, second - first - 1));
  request.location = plain->substr(second + 1);
  return request;
}

std::string seal_confirmation(ProviderContext& context, const base::SessionId& session,
                              const std::string& location, base::Time now) {
  return keys::Sealer(context.purposes, context.random)
      .seal(confirm_purpose, context.issuer.issuer(), session.token() + location, now);
}

std::optional<std::string> open_confirmation(ProviderContext& context,
                                             const base::SessionId& session,
                                             std::string_view sealed, base::Time now) {
  const auto plain = keys::Sealer(context.purposes, context.random)
                         .open(confirm_purpose, context.issuer.issuer(), sealed, now, life);
  if (!plain || !plain->starts_with(session.token())) return std::nullopt;
  return plain->substr(session.token().size());
}

}  // namespace vestibule::provider
