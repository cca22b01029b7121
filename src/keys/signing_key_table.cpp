#include "keys/signing_key_table.h"

namespace vestibule::keys::table {
namespace {

constexpr store::Statement list_statement{
    "signing_keys_list",
    "select kid, algorithm, use_state, private_sealed, public_jwk, created_at, activated_at,"
    " retire_after from signing_keys order by created_at, kid"};
constexpr store::Statement insert_statement{
    "signing_keys_insert",
    "insert into signing_keys (kid, algorithm, use_state, private_sealed, public_jwk, created_at,"
    " activated_at, retire_after) values ($1, $2, $3, $4, $5, $6, $7, $8)"};
constexpr store::Statement activate_statement{
    "signing_keys_activate",
    "update signing_keys set use_state = 1, activated_at = $2 where kid = $1 and use_state = 0"};
constexpr store::Statement retire_statement{
    "signing_keys_retire",
    "update signing_keys set use_state = 2, retire_after = $2, private_sealed = $3"
    " where kid = $1 and use_state = 1"};
constexpr store::Statement erase_retired_statement{
    "signing_keys_erase_retired",
    "delete from signing_keys where use_state = 2 and retire_after <= $1"};

}  // namespace

std::vector<Row> list(store::Transaction& tx) {
  std::vector<Row> result;
  auto rows = tx.query(list_statement);
  while (rows.next()) {
    result.push_back({.kid = std::string(rows.text(0)),
                      .algorithm = std::string(rows.text(1)),
                      .state = static_cast<UseState>(rows.integer(2)),
                      .private_sealed = std::string(rows.blob(3)),
                      .public_jwk = std::string(rows.text(4)),
                      .created_at = rows.time(5),
                      .activated_at = rows.optional_time(6),
                      .retire_after = rows.optional_time(7)});
  }
  return result;
}

void insert(store::Transaction& tx, const Row& row) {
  tx.execute(insert_statement, row.kid, row.algorithm, static_cast<int>(row.state),
             store::Blob{row.private_sealed}, row.public_jwk, row.created_at, row.activated_at,
             row.retire_after);
}

bool activate(store::Transaction& tx, const std::string& kid, base::Time now) {
  return tx.execute(activate_statement, kid, now) == 1;
}

bool retire(store::Transaction& tx, const std::string& kid, base::Time retire_after) {
  return tx.execute(retire_statement, kid, retire_after, store::Blob{}) == 1;
}

void erase_retired(store::Transaction& tx, base::Time now) {
  tx.execute(erase_retired_statement, now);
}

}  // namespace vestibule::keys::table
