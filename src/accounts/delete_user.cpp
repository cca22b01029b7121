#include "accounts/users.h"
#include "accounts/users_sql.h"

namespace vestibule::accounts {
namespace {

// One table each; all but the last two find their rows by an index that starts with the user, so
// that a guest, which has rows in few of them, costs little.
const store::Statement delete_metadata{"user_metadata.erase_user",
                                       "delete from user_metadata where user_id = $1"};
const store::Statement delete_profile{"user_profiles.erase_user",
                                      "delete from user_profiles where user_id = $1"};
const store::Statement delete_credentials{"credentials.erase_user",
                                          "delete from credentials where user_id = $1"};
// Chosen ids (kind 3) stay for ever: a sub is never issued twice.
const store::Statement delete_names{"directory.erase_user",
                                    "delete from directory where user_id = $1 and kind in (1, 2)"};
const store::Statement delete_claims{"email_claims.erase_user",
                                     "delete from email_claims where user_id = $1"};
const store::Statement delete_links{"mail_links.erase_user",
                                    "delete from mail_links where user_id = $1"};
const store::Statement delete_jobs{"mail_jobs.erase_user",
                                   "delete from mail_jobs where user_id = $1"};
const store::Statement delete_grants{"service_grants.erase_user",
                                     "delete from service_grants where user_id = $1"};
const store::Statement delete_tokens{"personal_tokens.erase_user",
                                     "delete from personal_tokens where user_id = $1"};
const store::Statement delete_keys{"machine_keys.erase_user",
                                   "delete from machine_keys where user_id = $1"};
const store::Statement delete_description{"machine_descriptions.erase_user",
                                          "delete from machine_descriptions where user_id = $1"};
const store::Statement delete_consents{"consents.erase_user",
                                       "delete from consents where user_id = $1"};
const store::Statement delete_actors{"client_actors.erase_user",
                                     "delete from client_actors where user_id = $1"};

}  // namespace

void delete_user_rows(store::Transaction& tx, const User& user, std::string_view reason,
                      base::Time now) {
  tx.execute(delete_metadata, user.id);
  tx.execute(delete_profile, user.id);
  tx.execute(delete_credentials, user.id);
  tx.execute(delete_names, user.id);
  tx.execute(delete_claims, user.id);
  tx.execute(delete_links, user.id);
  tx.execute(delete_jobs, user.id);
  tx.execute(delete_grants, user.id);
  tx.execute(delete_tokens, user.id);
  tx.execute(delete_consents, user.id);
  if (user.kind == UserKind::machine) {
    tx.execute(delete_keys, user.id);
    tx.execute(delete_description, user.id);
    tx.execute(delete_actors, user.id);
  }
  tx.execute(sql::delete_user, user.id);
  tx.execute(sql::insert_tombstone, user.id, now, reason);
}

}  // namespace vestibule::accounts
