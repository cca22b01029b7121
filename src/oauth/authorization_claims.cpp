#include "accounts/users.h"
#include "oauth/authorization_checks.h"
#include "oauth/claims_request.h"

namespace vestibule::oauth::checks {
namespace {

/// What every sign-in here is worth: credentials were shown (acr_of).
constexpr std::string_view acr_of_sign_in = "1";

}  // namespace

Result<void> check_claims(store::Transaction& tx, const Parameters& parameters,
                          Authorization& request) {
  const auto parameter = parameters.find("claims");
  // Without openid it is no request of OpenID Connect, and no claims come of it.
  if (!parameter || !request.scope.contains(scope_openid)) return {};
  const auto claims = ClaimsRequest::parse(*parameter);
  if (!claims) return std::unexpected(claims.error());
  if (!claims->accepts_acr(acr_of_sign_in)) {
    return fail("unmet_authentication_requirements", "no sign-in here has the essential acr");
  }
  if (claims->subject) {
    const auto user = accounts::resolve_subject(tx, *claims->subject);
    // As for a user who is not signed in, so that nobody learns which users there are.
    if (!user || (request.hinted_user && *request.hinted_user != *user)) {
      return fail("login_required", "the requested user is not signed in");
    }
    request.hinted_user = *user;
  }
  request.details.claims = claims->to_json();
  return {};
}

}  // namespace vestibule::oauth::checks
