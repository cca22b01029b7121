#include "sessions/pushed_requests.h"

#include "base/crypto.h"

namespace vestibule::sessions {
namespace {

const store::Statement insert_one{
    "pushed_requests.insert",
    "insert into pushed_requests (uri_hash, client_id, document, expires_at, kept_until) "
    "values ($1, $2, $3, $4, $5)"};
const store::Statement select_one{
    "pushed_requests.find",
    "select client_id, document, expires_at, kept_until from pushed_requests "
    "where uri_hash = $1 and kept_until > $2"};
const store::Statement consume_one{"pushed_requests.consume",
                                   "delete from pushed_requests where uri_hash = $1"};
const store::Statement delete_expired{
    "pushed_requests.delete_expired",
    "delete from pushed_requests where uri_hash in (select uri_hash from pushed_requests "
    "where kept_until <= $1 order by kept_until limit $2)"};

}  // namespace

void insert_pushed_request(store::Transaction& tx, std::string_view request_uri,
                           const PushedRequest& request) {
  const std::string hash = base::sha256(request_uri);
  tx.execute(insert_one, store::Blob{hash}, request.client, request.document, request.expires_at,
             request.kept_until);
}

std::optional<PushedRequest> find_pushed_request(store::Transaction& tx,
                                                 std::string_view request_uri, base::Time now) {
  const std::string hash = base::sha256(request_uri);
  auto rows = tx.query(select_one, store::Blob{hash}, now);
  if (!rows.next()) return std::nullopt;
  return PushedRequest{.client = rows.id<base::ClientId>(0),
                       .document = std::string(rows.text(1)),
                       .expires_at = rows.time(2),
                       .kept_until = rows.time(3)};
}

bool consume_pushed_request(store::Transaction& tx, std::string_view request_uri) {
  const std::string hash = base::sha256(request_uri);
  return tx.execute(consume_one, store::Blob{hash}) == 1;
}

std::int64_t delete_expired_pushed_requests(store::Transaction& tx, base::Time now, int limit) {
  return tx.execute(delete_expired, now, limit);
}

}  // namespace vestibule::sessions
