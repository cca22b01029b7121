#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/secret.h"
#include "keys/purpose_keys.h"
#include "keys/sealer.h"
#include "remote/zitadel_api.h"
#include "store/transaction.h"

namespace vestibule::remote {

/// What the remote gave for a browser session.
struct SessionTokens {
  base::Secret access_token;
  base::Time expires_at;
  std::optional<base::Secret> refresh_token = {};
  std::optional<base::Secret> id_token = {};

  /// Of an answer of the token endpoint.
  static SessionTokens of(const Tokens& tokens, base::Time now);
};

/// The remote's tokens by browser session, sealed in the store.
class SessionTokenStore {
 public:
  SessionTokenStore(keys::PurposeKeys& keys, base::Random& random) : sealer_(keys, random) {}

  void put(store::Transaction& tx, const base::SessionId& session, const SessionTokens& tokens,
           base::Time now) const;
  std::optional<SessionTokens> find(store::Transaction& tx, const base::SessionId& session,
                                    base::Time now) const;
  /// Forgets the tokens of sessions that are no more, at most `limit`; how many.
  static std::int64_t forget_ended(store::Transaction& tx, int limit);

 private:
  keys::Sealer sealer_;
};

}  // namespace vestibule::remote
