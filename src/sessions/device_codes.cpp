#include "sessions/device_codes.h"

#include <utility>

#include "base/crypto.h"

/// The columns that read_code reads, in its order.
#define VESTIBULE_DEVICE_COLUMNS                                                         \
  "client_id, scope, state, poll_interval, polled_at, created_at, expires_at, user_id, " \
  "auth_time, amr, decided_at"

namespace vestibule::sessions {
namespace {

// A user code that expired may be given out again before its row is cleaned up.
const store::Statement delete_stale{
    "device_codes.delete_stale",
    "delete from device_codes where user_code_key = $1 and expires_at <= $2"};
const store::Statement insert_one{
    "device_codes.insert",
    "insert into device_codes (code_hash, user_code_key, client_id, scope, state, poll_interval, "
    "created_at, expires_at) values ($1, $2, $3, $4, 0, $5, $6, $7) "
    "on conflict (user_code_key) do nothing"};
const store::Statement select_one{"device_codes.find", "select " VESTIBULE_DEVICE_COLUMNS
                                                       " from device_codes where code_hash = $1"};
const store::Statement select_waiting{
    "device_codes.find_waiting",
    "select " VESTIBULE_DEVICE_COLUMNS
    " from device_codes where user_code_key = $1 and state = 0 and expires_at > $2"};
const store::Statement note_poll{
    "device_codes.note_poll",
    "update device_codes set poll_interval = $2, polled_at = $3 where code_hash = $1"};
const store::Statement decide_one{
    "device_codes.decide",
    "update device_codes set state = $2, user_id = $3, auth_time = $4, amr = $5, decided_at = $6 "
    "where user_code_key = $1 and state = 0 and expires_at > $6"};
// One statement, so that of two polls at once exactly one gets the tokens.
const store::Statement consume_one{
    "device_codes.consume",
    "delete from device_codes where code_hash = $1 and state = 1 and expires_at > $2 "
    "returning " VESTIBULE_DEVICE_COLUMNS};
const store::Statement delete_of_user{"device_codes.erase_user",
                                      "delete from device_codes where user_id = $1"};
const store::Statement delete_of_client{"device_codes.erase_client",
                                        "delete from device_codes where client_id = $1"};
const store::Statement delete_expired{
    "device_codes.delete_expired",
    "delete from device_codes where code_hash in (select code_hash from device_codes "
    "where expires_at <= $1 order by expires_at limit $2)"};

std::optional<DeviceCode> read_code(store::Rows rows) {
  if (!rows.next()) return std::nullopt;
  return DeviceCode{.client = rows.id<base::ClientId>(0),
                    .scope = std::string(rows.text(1)),
                    .state = static_cast<DeviceState>(rows.integer(2)),
                    .interval = base::Seconds{rows.integer(3)},
                    .polled_at = rows.optional_time(4),
                    .created_at = rows.time(5),
                    .expires_at = rows.time(6),
                    .user = rows.optional_id<base::UserId>(7),
                    .auth_time = rows.optional_time(8),
                    .amr = rows.optional_text(9).value_or(""),
                    .decided_at = rows.optional_time(10)};
}

}  // namespace

bool insert_device_code(store::Transaction& tx, std::string_view device_code,
                        std::string_view user_code_key, const DeviceCode& code) {
  tx.execute(delete_stale, store::Blob{user_code_key}, code.created_at);
  const std::string hash = base::sha256(device_code);
  return tx.execute(insert_one, store::Blob{hash}, store::Blob{user_code_key}, code.client,
                    code.scope, code.interval.count(), code.created_at, code.expires_at) == 1;
}

std::optional<DeviceCode> find_device_code(store::Transaction& tx, std::string_view device_code) {
  const std::string hash = base::sha256(device_code);
  return read_code(tx.query(select_one, store::Blob{hash}));
}

std::optional<DeviceCode> find_waiting_device(store::Transaction& tx,
                                              std::string_view user_code_key, base::Time now) {
  return read_code(tx.query(select_waiting, store::Blob{user_code_key}, now));
}

void note_device_poll(store::Transaction& tx, std::string_view device_code, base::Seconds interval,
                      base::Time now) {
  const std::string hash = base::sha256(device_code);
  tx.execute(note_poll, store::Blob{hash}, interval.count(), now);
}

bool decide_device(store::Transaction& tx, std::string_view user_code_key,
                   const DeviceDecision& decision, base::Time now) {
  return tx.execute(decide_one, store::Blob{user_code_key}, std::to_underlying(decision.state),
                    decision.user, decision.auth_time, decision.amr, now) == 1;
}

std::optional<DeviceCode> consume_device_code(store::Transaction& tx, std::string_view device_code,
                                              base::Time now) {
  const std::string hash = base::sha256(device_code);
  return read_code(tx.query(consume_one, store::Blob{hash}, now));
}

void erase_device_codes(store::Transaction& tx, base::UserId user) {
  tx.execute(delete_of_user, user);
}

void erase_device_codes(store::Transaction& tx, base::ClientId client) {
  tx.execute(delete_of_client, client);
}

std::int64_t delete_expired_device_codes(store::Transaction& tx, base::Time now, int limit) {
  return tx.execute(delete_expired, now - device_code_memory, limit);
}

}  // namespace vestibule::sessions
