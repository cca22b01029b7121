#include "recovery/orphans.h"

/// Counts the rows of a table whose user is not there.
#define VESTIBULE_WITHOUT_USER(TABLE)                           \
  {"doctor." TABLE, "select count(*), min(user_id) from " TABLE \
                    " where not exists (select 1 from users where users.id = " TABLE ".user_id)"}

namespace vestibule::recovery {
namespace {

using store::Statement;

const Statement metadata VESTIBULE_WITHOUT_USER("user_metadata");
const Statement profiles VESTIBULE_WITHOUT_USER("user_profiles");
const Statement credentials VESTIBULE_WITHOUT_USER("credentials");
const Statement claims VESTIBULE_WITHOUT_USER("email_claims");
const Statement links VESTIBULE_WITHOUT_USER("mail_links");
const Statement grants VESTIBULE_WITHOUT_USER("service_grants");
const Statement tokens VESTIBULE_WITHOUT_USER("personal_tokens");
const Statement machine_keys VESTIBULE_WITHOUT_USER("machine_keys");
const Statement sessions VESTIBULE_WITHOUT_USER("sessions");
const Statement families VESTIBULE_WITHOUT_USER("refresh_families");
const Statement codes VESTIBULE_WITHOUT_USER("authorization_codes");
const Statement consents VESTIBULE_WITHOUT_USER("consents");

const Statement guests_without_tag{
    "doctor.guests_without_tag",
    "select count(*), min(id) from users where guest_day is not null and subject is null and "
    "not exists (select 1 from user_metadata where user_id = users.id and key >= 'GUEST_' and "
    "key < 'GUEST`')"};
const Statement tombs_of_living{
    "doctor.living_and_dead",
    "select count(*), min(users.id) from users join tombstones on tombstones.id = users.id"};
const Statement merges_without_source{
    "doctor.merges_without_source",
    "select count(*), min(id) from merges where state < 3 and not exists "
    "(select 1 from users where users.id = source_id and users.merge_id = merges.id)"};
const Statement merging_without_merge{
    "doctor.merging_without_merge",
    "select count(*), min(id) from users where merge_id is not null and not exists "
    "(select 1 from merges where merges.id = users.merge_id and state < 3)"};
const Statement names_to_nobody{
    "doctor.names_to_nobody",
    "select count(*), min(user_id) from directory where not exists "
    "(select 1 from users where users.id = directory.user_id) and (kind < 3 or not exists "
    "(select 1 from tombstones where tombstones.id = directory.user_id))"};
const Statement chosen_without_name{
    "doctor.chosen_without_name",
    "select count(*), min(id) from users where subject is not null and not exists "
    "(select 1 from directory where kind = 3 and directory.user_id = users.id)"};

struct Kind {
  std::string_view code;
  std::string_view what;
  const Statement& count;
};

const Kind kinds[] = {
    {"metadata_of_nobody", "metadata rows of users that are not there", metadata},
    {"profiles_of_nobody", "profiles of users that are not there", profiles},
    {"credentials_of_nobody", "credentials of users that are not there", credentials},
    {"claims_of_nobody", "claimed addresses of users that are not there", claims},
    {"links_of_nobody", "mail links of users that are not there", links},
    {"grants_of_nobody", "roles of users that are not there", grants},
    {"tokens_of_nobody", "personal access tokens of users that are not there", tokens},
    {"keys_of_nobody", "machine keys of users that are not there", machine_keys},
    {"sessions_of_nobody", "sessions of users that are not there", sessions},
    {"families_of_nobody", "refresh families of users that are not there", families},
    {"codes_of_nobody", "authorization codes of users that are not there", codes},
    {"consents_of_nobody", "consents of users that are not there", consents},
    {"guests_without_tag", "guests without their tag", guests_without_tag},
    {"living_and_dead", "users whose id has a tombstone", tombs_of_living},
    {"merges_without_source", "open merges whose source is not there", merges_without_source},
    {"merging_without_merge", "users in a merge that is not open", merging_without_merge},
    {"names_to_nobody", "names that lead to no user", names_to_nobody},
    {"chosen_without_name", "users whose chosen id does not lead to them", chosen_without_name},
};

}  // namespace

std::vector<Orphans> find_orphans(store::Transaction& tx) {
  std::vector<Orphans> found;
  for (const auto& kind : kinds) {
    auto rows = tx.query(kind.count);
    if (!rows.next() || rows.integer(0) == 0) continue;
    found.push_back({kind.code, kind.what, rows.integer(0), base::to_decimal(rows.integer(1))});
  }
  return found;
}

}  // namespace vestibule::recovery
