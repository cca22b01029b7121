#include "oauth/grants/device_code.h"

#include <utility>

#include "accounts/users.h"
#include "oauth/grants/user_grant.h"
#include "sessions/device_codes.h"

namespace vestibule::oauth {
namespace {

/// What slow_down adds to the interval (RFC 8628 section 3.5).
constexpr base::Seconds slower{5};

std::unexpected<Error> invalid_code(std::string detail) {
  return fail("invalid_grant", "the device code is invalid or already used", 400,
              std::move(detail));
}

/// Notes the poll of a device that still waits, and tells it to go on or to slow down.
Error keep_waiting(store::Transaction& tx, std::string_view device_code,
                   const sessions::DeviceCode& code, base::Time now) {
  const bool too_fast = code.polled_at && now < *code.polled_at + code.interval;
  const auto interval = too_fast ? code.interval + slower : code.interval;
  sessions::note_device_poll(tx, device_code, interval, now);
  if (too_fast) return {"slow_down", "the device asks too often"};
  return {"authorization_pending", "nobody has decided yet"};
}

Result<Grant> redeem(store::Transaction& tx, const GrantContext& context, const Client& client,
                     const DeviceCodeRequest& request, base::Time now) {
  const auto text = request.device_code.reveal();
  const auto found = sessions::find_device_code(tx, text);
  if (!found) return invalid_code("device code unknown or used");
  if (found->client != client.id) return invalid_code("device code of another client");
  if (found->expires_at <= now) return fail("expired_token", "the device code has expired");
  if (found->state == sessions::DeviceState::denied) {
    return fail("access_denied", "the person said no");
  }
  if (found->state == sessions::DeviceState::pending) {
    return std::unexpected(keep_waiting(tx, text, *found, now));
  }
  const auto code = sessions::consume_device_code(tx, text, now);
  if (!code || !code->user || !code->decided_at) return invalid_code("used meanwhile");
  const auto user = accounts::find_user(tx, *code->user);
  if (!user || user->state != accounts::UserState::active) return invalid_code("user not active");
  if (*code->decided_at < user->valid_after) return invalid_code("standing changed since");
  accounts::touch(tx, user->id, now, client.access_token_lifetime);
  return grant_to_user(
      tx, context, client,
      {.user = *user, .scope = code->scope, .auth_time = code->auth_time, .amr = code->amr},
      base::Uuid::make(now, context.random), now);
}

}  // namespace

Result<DeviceCodeRequest> parse_device_code_request(const Parameters& form) {
  auto code = form.find("device_code");
  if (!code) return fail("invalid_request", "device_code missing");
  return DeviceCodeRequest{base::Secret(std::move(*code))};
}

Settled<Grant> grant_by_device_code(store::Transaction& tx, const GrantContext& context,
                                    const AuthenticatedClient& client,
                                    const DeviceCodeRequest& request, base::Time now) {
  if (auto allowed = check_grant_type(client.client(), grant_device_code); !allowed) {
    return {std::unexpected(std::move(allowed.error()))};
  }
  return {redeem(tx, context, client.client(), request, now)};
}

}  // namespace vestibule::oauth
