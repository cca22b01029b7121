#include "oauth/used_assertions.h"

namespace vestibule::oauth {
namespace {

constexpr store::Statement consume_sql{
    "used_assertions.consume",
    "insert into used_assertions (client_id, id_hash, expires_at) values ($1, $2, $3) "
    "on conflict (client_id, id_hash) do nothing"};
constexpr store::Statement delete_expired_sql{
    "used_assertions.delete_expired",
    "delete from used_assertions where (client_id, id_hash) in (select client_id, id_hash "
    "from used_assertions where expires_at <= $1 order by expires_at limit $2)"};

}  // namespace

bool consume_assertion(store::Transaction& tx, base::ClientId client,
                       const OneTimeAssertion& assertion) {
  return tx.execute(consume_sql, client, store::Blob{assertion.id_hash}, assertion.expires_at) == 1;
}

std::int64_t delete_expired_assertions(store::Transaction& tx, base::Time now, int limit) {
  return tx.execute(delete_expired_sql, now, limit);
}

}  // namespace vestibule::oauth
