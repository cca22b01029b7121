#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accounts/users.h"
#include "app/config.h"
#include "base/random.h"
#include "base/secret.h"
#include "oauth/client.h"
#include "store/store.h"

namespace vestibule::app {

/// What every installation has from its first start on.
struct Installation {
  base::OrganizationId organization;
  std::int64_t project = 0;
  base::UserId service_account;  ///< the gateway's; `act` of every guest's token
  base::ClientId gateway_client;
};

/// Finds the installation in the store, or makes it: the organization, the gateway's service
/// account with its grants, and the gateway's own OAuth client, bound to each other. Keeps the
/// client's redirect URI in step with the configuration.
Installation ensure_installation(store::Store& store, accounts::UserIds& ids, base::Random& random,
                                 const Config& config, base::Time now);

enum class ClientKind { confidential, public_client };

struct BootstrapOptions {
  std::vector<std::string> redirect_uris;
  ClientKind client_kind = ClientKind::confidential;
};

/// What `vestibule bootstrap` prints. Secrets are there only the first time.
struct Bootstrapped {
  base::OrganizationId organization;
  std::string admin_login_name;
  base::UserId service_account;
  base::ClientId client;
  std::vector<std::string> redirect_uris;
  struct Secrets {
    base::Secret admin_password;
    base::Secret admin_token;
    base::Secret service_token;
    std::string service_key_id;
    base::Secret service_key_pem;
    std::optional<base::Secret> client_secret;
  };
  std::optional<Secrets> secrets;
};

/// Makes, once, an administrator, tokens for the gateway's service account, and a client for an
/// application that is allowed to exchange tokens. Again: what is there, without secrets.
Bootstrapped bootstrap(store::Store& store, accounts::UserIds& ids, base::Random& random,
                       const Config& config, const BootstrapOptions& options, base::Time now);

/// The JSON of `vestibule bootstrap --json` (docs/reference/cli.md).
std::string to_json(const Bootstrapped& result, const std::string& issuer);

}  // namespace vestibule::app
