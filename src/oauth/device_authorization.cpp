#include "oauth/device_authorization.h"

#include <stdexcept>

#include "oauth/grants/device_code.h"
#include "sessions/device_codes.h"

namespace vestibule::oauth {
namespace {

/// Two devices hardly ever draw the same code of 34 bits; so often in a row, never.
constexpr int most_draws = 8;

}  // namespace

Result<DeviceAuthorization> begin_device_authorization(store::Transaction& tx,
                                                       const GrantContext& context,
                                                       const AuthenticatedClient& client,
                                                       const Scope& requested, base::Time now) {
  if (auto allowed = check_grant_type(client.client(), grant_device_code); !allowed) {
    return std::unexpected(std::move(allowed.error()));
  }
  if (requested.empty()) return missing_scope();
  Scope scope = known_scopes(requested, client.client());
  if (!client->allows_grant(grant_refresh_token)) scope = scope.without(scope_offline_access);
  if (scope.empty()) return fail("invalid_scope", "none of the requested scopes is known");

  DeviceAuthorization answer{.device_code = base::Secret(base::random_token(context.random)),
                             .user_code = {}};
  const sessions::DeviceCode code{.client = client->id,
                                  .scope = scope.text(),
                                  .interval = answer.interval,
                                  .created_at = now,
                                  .expires_at = now + answer.expires_in};
  for (int draw = 0; draw < most_draws; ++draw) {
    const auto user_code = UserCode::make(context.random);
    if (sessions::insert_device_code(tx, answer.device_code.reveal(),
                                     user_code.key(context.refresh_key), code)) {
      answer.user_code = user_code.text();
      return answer;
    }
  }
  throw std::runtime_error("no free user code");
}

}  // namespace vestibule::oauth
