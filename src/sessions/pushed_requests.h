#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "store/transaction.h"

namespace vestibule::sessions {

/// An authorization request that its client has pushed ahead (RFC 9126). The request_uri is never
/// stored, only its hash.
struct PushedRequest {
  base::ClientId client;
  std::string document;   ///< the owner's own, kept as it is
  base::Time expires_at;  ///< a sign-in may begin with it until then …
  base::Time kept_until;  ///< … and end until then
};

void insert_pushed_request(store::Transaction& tx, std::string_view request_uri,
                           const PushedRequest& request);

/// One that has neither been consumed nor outlived its memory; whether it has expired is the
/// caller's question, since a sign-in that has begun may go on.
std::optional<PushedRequest> find_pushed_request(store::Transaction& tx,
                                                 std::string_view request_uri, base::Time now);

/// Uses it up, in one statement: of two answers to one request, one gets true.
bool consume_pushed_request(store::Transaction& tx, std::string_view request_uri);

/// Deletes at most `limit` requests whose memory has ended; returns how many.
std::int64_t delete_expired_pushed_requests(store::Transaction& tx, base::Time now, int limit);

}  // namespace vestibule::sessions
