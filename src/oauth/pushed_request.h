#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "oauth/authorization_request.h"
#include "oauth/error.h"
#include "store/transaction.h"

// Pushed authorization requests (RFC 9126).
namespace vestibule::oauth {

/// What every request_uri that we give begins with (RFC 9126 section 2.2).
inline constexpr std::string_view pushed_request_prefix = "urn:ietf:params:oauth:request_uri:";
/// How long a browser may take to bring it (FAPI 2.0 Security Profile 5.3.2.2: below 600 s).
inline constexpr base::Seconds pushed_request_lifetime{60};

/// The parameters of a pushed request without those that authenticate its client, who is named
/// instead. Errors: invalid_request for a request_uri (RFC 9126 section 2.1) or another client_id.
Result<Parameters> read_pushed_parameters(const Parameters& form, const Client& client);

/// Keeps a request that has been validated; returns its request_uri. A sign-in that begins with it
/// may take `sign_in_time`.
std::string keep_pushed_request(store::Transaction& tx, const Client& client,
                                const AuthorizationRequest& request, base::Random& random,
                                base::Milliseconds sign_in_time, base::Time now);

/// The request behind a request_uri that a browser brings now. Error: invalid_request_uri if it is
/// unknown, used, expired or another client's.
Result<AuthorizationRequest> begin_pushed_request(store::Transaction& tx,
                                                  std::string_view request_uri,
                                                  std::string_view client_id, base::Time now);
/// The same for a sign-in that began in time. Error: invalid_request_uri if it is used.
Result<AuthorizationRequest> resume_pushed_request(store::Transaction& tx,
                                                   std::string_view request_uri, base::Time now);
/// Uses it up, in the transaction that answers it. Error: invalid_request_uri if it is used.
Result<void> consume_pushed_request(store::Transaction& tx, std::string_view request_uri);

}  // namespace vestibule::oauth
