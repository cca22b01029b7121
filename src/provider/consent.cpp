#include "provider/consent.h"

#include "provider/authorize_request.h"

namespace vestibule::provider {
namespace {

constexpr std::string_view purpose = "consent";

}  // namespace

std::string seal_consent(const keys::Sealer& sealer, const std::string& issuer,
                         const base::SessionId& session, std::string_view request_token,
                         base::Time now) {
  return sealer.seal(purpose, issuer, session.token() + std::string(request_token), now);
}

std::optional<std::string> open_consent(const keys::Sealer& sealer, const std::string& issuer,
                                        const base::SessionId& session, std::string_view consent,
                                        base::Time now) {
  const auto plain = sealer.open(purpose, issuer, consent, now, sign_in_time);
  const auto shown_to = session.token();
  if (!plain || !plain->starts_with(shown_to)) return std::nullopt;
  return plain->substr(shown_to.size());
}

}  // namespace vestibule::provider
