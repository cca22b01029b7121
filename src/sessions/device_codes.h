#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "store/transaction.h"

namespace vestibule::sessions {

enum class DeviceState { pending = 0, approved = 1, denied = 2 };

/// A device that waits to be signed in (RFC 8628). Neither of its two codes is stored.
struct DeviceCode {
  base::ClientId client;
  std::string scope;
  DeviceState state = DeviceState::pending;
  base::Seconds interval{5};  ///< between two polls; grows when the device is too fast
  std::optional<base::Time> polled_at = {};
  base::Time created_at;
  base::Time expires_at;
  // Who decided, and how they had signed in; set with the decision.
  std::optional<base::UserId> user = {};
  std::optional<base::Time> auth_time = {};
  std::string amr = {};
  std::optional<base::Time> decided_at = {};
};

/// `device_code` is long and random, so its hash is enough; `user_code_key` is a keyed hash of the
/// short one. False if another device that still waits has that user code.
bool insert_device_code(store::Transaction& tx, std::string_view device_code,
                        std::string_view user_code_key, const DeviceCode& code);

/// By the device's code, expired or not.
std::optional<DeviceCode> find_device_code(store::Transaction& tx, std::string_view device_code);
/// By the person's code; only one that is pending and unexpired.
std::optional<DeviceCode> find_waiting_device(store::Transaction& tx,
                                              std::string_view user_code_key, base::Time now);

/// Notes a poll and the interval from now on.
void note_device_poll(store::Transaction& tx, std::string_view device_code, base::Seconds interval,
                      base::Time now);

/// Who decides about a device.
struct DeviceDecision {
  DeviceState state = DeviceState::denied;
  base::UserId user;
  base::Time auth_time;
  std::string amr;
};
/// Decides once: false if the code is not waiting any more.
bool decide_device(store::Transaction& tx, std::string_view user_code_key,
                   const DeviceDecision& decision, base::Time now);

/// Uses an approved code up in one statement; nullopt if it is not there, approved and unexpired.
std::optional<DeviceCode> consume_device_code(store::Transaction& tx, std::string_view device_code,
                                              base::Time now);

/// Forgets the codes that the user has decided about.
void erase_device_codes(store::Transaction& tx, base::UserId user);
/// Forgets the codes of a client that is gone.
void erase_device_codes(store::Transaction& tx, base::ClientId client);

/// How long an expired code is remembered, so that its device is told why.
inline constexpr base::Milliseconds device_code_memory{3600 * 1000};
/// Deletes at most `limit` codes whose memory has ended; returns how many.
std::int64_t delete_expired_device_codes(store::Transaction& tx, base::Time now, int limit);

}  // namespace vestibule::sessions
