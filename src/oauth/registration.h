#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/secret.h"
#include "oauth/client.h"
#include "oauth/error.h"
#include "oauth/registration_mode.h"
#include "store/transaction.h"

namespace vestibule::oauth {

struct RegistrationPolicy {
  RegistrationMode mode = RegistrationMode::off;
  std::vector<std::string> initial_token_hashes = {};  ///< SHA-256
  std::int64_t most_clients = 1000;                    ///< that registered themselves
  base::OrganizationId organization = {};              ///< theirs
};

/// Error: invalid_token, 401.
Result<void> check_initial_token(const RegistrationPolicy& policy,
                                 const std::optional<std::string>& token);

/// A client with what is said once only.
struct Registered {
  Client client;
  std::optional<base::Secret> client_secret = {};  ///< if a new one was made
  std::optional<base::Secret> registration_token = {};
};

/// Inserts a client that read_client_metadata has read, with a secret if its method needs one and a
/// registration access token. Error: access_denied, 403, when there are too many.
Result<Registered> register_client(store::Transaction& tx, const RegistrationPolicy& policy,
                                   Client client, base::Random& random, base::Time now);

/// RFC 7592 section 2: the client that this registration access token is for. Whatever is wrong,
/// the answer is the same; error: invalid_token, 401.
Result<Client> authenticate_registration(store::Transaction& tx, std::string_view client_id,
                                         const std::optional<std::string>& token);

/// RFC 7592 section 2.2: replaces what is registered and the registration access token; a secret is
/// made if the client needs one and has none, and forgotten if it needs none.
Registered update_registration(store::Transaction& tx, Client client, base::Random& random,
                               base::Time now);

/// Deletes a client. Its tokens die with it (liveness.h), and what is left of its grants expires.
void delete_client(store::Transaction& tx, base::ClientId id);

}  // namespace vestibule::oauth
