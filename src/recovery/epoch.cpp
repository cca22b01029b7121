#include "recovery/epoch.h"

#include <algorithm>

#include "accounts/organizations.h"
#include "accounts/users_sql.h"
#include "store/backup.h"

namespace vestibule::recovery {
namespace {

constexpr std::string_view epoch_key = "recovery.epoch";
// More events than a server gives out in months of full load.
constexpr std::int64_t events_jump = 100'000'000'000;
constexpr base::Milliseconds ids_jump{1000};

// One statement a table: everything that somebody may still hold an end of.
const store::Statement void_sessions{"epoch.sessions", "delete from sessions"};
const store::Statement void_families{"epoch.refresh_families", "delete from refresh_families"};
const store::Statement void_codes{"epoch.authorization_codes", "delete from authorization_codes"};
const store::Statement void_devices{"epoch.device_codes", "delete from device_codes"};
const store::Statement void_requests{"epoch.pushed_requests", "delete from pushed_requests"};
const store::Statement void_links{"epoch.mail_links", "delete from mail_links"};
const store::Statement void_jobs{"epoch.mail_jobs", "delete from mail_jobs"};
const store::Statement void_keys{"epoch.idempotency", "delete from idempotency"};
const store::Statement void_session_clients{"epoch.session_clients", "delete from session_clients"};
const store::Statement void_remote_tokens{"epoch.remote_tokens", "delete from remote_tokens"};
const store::Statement* const everything[] = {
    &void_sessions, &void_families, &void_codes, &void_devices,         &void_requests,
    &void_links,    &void_jobs,     &void_keys,  &void_session_clients, &void_remote_tokens};

const store::Statement kill_tokens{"epoch.valid_after",
                                   "update users set valid_after = $1 where valid_after < $1"};

base::UserId last_id_of(base::Time time) {
  return base::compose_user_id({.time = time, .cell = 1023, .sequence = 4095});
}

}  // namespace

std::string find_epoch(store::Transaction& tx) {
  return accounts::find_meta(tx, epoch_key).value_or("");
}

void begin_epoch(store::Transaction& tx, const Floors& floors, base::Random& random,
                 base::Time now) {
  for (const auto* statement : everything) tx.execute(*statement);
  tx.execute(kill_tokens, now);
  // UserIds goes on above every tombstone.
  tx.execute(accounts::sql::insert_tombstone, last_id_of(std::max(floors.user_ids, now) + ids_jump),
             now, "restore");
  const auto events = std::max(floors.events, store::last_number(tx, "outbox"));
  store::raise_last_number(tx, "outbox", events + events_jump);
  accounts::set_meta(tx, epoch_key, base::random_token(random, 12));
}

}  // namespace vestibule::recovery
