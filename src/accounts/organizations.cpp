#include "accounts/organizations.h"

namespace vestibule::accounts {
namespace {

const store::Statement insert_one{
    "organizations.insert",
    "insert into organizations (id, name, primary_domain, created_at) values ($1, $2, $3, $4)"};
const store::Statement select_one{
    "organizations.find",
    "select id, name, primary_domain, created_at from organizations where id = $1"};
const store::Statement select_meta{"meta.find", "select value from meta where key = $1"};
const store::Statement upsert_meta{"meta.set",
                                   "insert into meta (key, value) values ($1, $2) "
                                   "on conflict (key) do update set value = excluded.value"};

}  // namespace

void insert_organization(store::Transaction& tx, const Organization& organization) {
  tx.execute(insert_one, organization.id, organization.name, organization.primary_domain,
             organization.created_at);
}

std::optional<Organization> find_organization(store::Transaction& tx, base::OrganizationId id) {
  auto rows = tx.query(select_one, id);
  if (!rows.next()) return std::nullopt;
  return Organization{.id = rows.id<base::OrganizationId>(0),
                      .name = std::string(rows.text(1)),
                      .primary_domain = std::string(rows.text(2)),
                      .created_at = rows.time(3)};
}

std::optional<std::string> find_meta(store::Transaction& tx, std::string_view key) {
  auto rows = tx.query(select_meta, key);
  return rows.next() ? std::optional(std::string(rows.text(0))) : std::nullopt;
}

void set_meta(store::Transaction& tx, std::string_view key, std::string_view value) {
  tx.execute(upsert_meta, key, value);
}

}  // namespace vestibule::accounts
