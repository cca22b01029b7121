#include "accounts/delete_user.h"

#include "accounts/users_sql.h"

namespace vestibule::accounts {
namespace {

// One table each. All find their rows by a key or an index that starts with the user, so that a
// guest, which has rows in few of them, costs little.
const store::Statement delete_metadata{
    "user_metadata.erase_users", "delete from user_metadata where user_id in " VESTIBULE_ID_GROUP};
const store::Statement delete_profiles{
    "user_profiles.erase_users", "delete from user_profiles where user_id in " VESTIBULE_ID_GROUP};
const store::Statement delete_credentials{
    "credentials.erase_users", "delete from credentials where user_id in " VESTIBULE_ID_GROUP};
// Chosen ids (kind 3) stay for ever: a sub is never issued twice.
const store::Statement delete_names{"directory.erase_users",
                                    "delete from directory where user_id in " VESTIBULE_ID_GROUP
                                    " and kind in (1, 2)"};
const store::Statement delete_claims{
    "email_claims.erase_users", "delete from email_claims where user_id in " VESTIBULE_ID_GROUP};
const store::Statement delete_links{"mail_links.erase_users",
                                    "delete from mail_links where user_id in " VESTIBULE_ID_GROUP};
const store::Statement delete_jobs{"mail_jobs.erase_users",
                                   "delete from mail_jobs where user_id in " VESTIBULE_ID_GROUP};
const store::Statement delete_grants{
    "service_grants.erase_users",
    "delete from service_grants where user_id in " VESTIBULE_ID_GROUP};
const store::Statement delete_tokens{
    "personal_tokens.erase_users",
    "delete from personal_tokens where user_id in " VESTIBULE_ID_GROUP};
const store::Statement delete_consents{"consents.erase_users",
                                       "delete from consents where user_id in " VESTIBULE_ID_GROUP};

// What only service accounts have.
const store::Statement delete_keys{"machine_keys.erase_user",
                                   "delete from machine_keys where user_id = $1"};
const store::Statement delete_description{"machine_descriptions.erase_user",
                                          "delete from machine_descriptions where user_id = $1"};
const store::Statement delete_actors{"client_actors.erase_user",
                                     "delete from client_actors where user_id = $1"};

const store::Statement delete_rows{"users.delete",
                                   "delete from users where id in " VESTIBULE_ID_GROUP};

void delete_rows_of_machine(store::Transaction& tx, base::UserId machine) {
  tx.execute(delete_keys, machine);
  tx.execute(delete_description, machine);
  tx.execute(delete_actors, machine);
}

}  // namespace

void delete_users(store::Transaction& tx, std::span<const User> users, std::string_view reason,
                  base::Time now) {
  const UserGroup group(users, &User::id);
  for (const auto* statement : {&delete_metadata, &delete_profiles, &delete_credentials,
                                &delete_names, &delete_claims, &delete_links, &delete_jobs,
                                &delete_grants, &delete_tokens, &delete_consents, &delete_rows}) {
    group.execute(tx, *statement);
  }
  for (const auto& user : users) {
    if (user.kind == UserKind::machine) delete_rows_of_machine(tx, user.id);
    tx.execute(sql::insert_tombstone, user.id, now, reason);
  }
}

void delete_user_rows(store::Transaction& tx, const User& user, std::string_view reason,
                      base::Time now) {
  delete_users(tx, {&user, 1}, reason, now);
}

}  // namespace vestibule::accounts
