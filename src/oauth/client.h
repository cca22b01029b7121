#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/secret.h"
#include "jose/key.h"
#include "store/transaction.h"

namespace vestibule::oauth {

/// token_endpoint_auth_method (RFC 7591 section 2). A confidential client may use basic or post
/// whichever it registered, as ZITADEL allows.
enum class AuthMethod { none, client_secret_basic, client_secret_post, private_key_jwt };
enum class TokenFormat { opaque, jwt };

/// A registered client. Everything but identity and secret is stored as one JSON document.
struct Client {
  base::ClientId id;
  base::OrganizationId organization;
  std::int64_t project = 0;  ///< second audience of its tokens, as at ZITADEL
  std::string name;
  AuthMethod auth_method = AuthMethod::none;
  std::optional<std::string> secret_hash = {};  ///< SHA-256 of a random 256-bit secret
  std::vector<std::string> redirect_uris = {};
  std::vector<std::string> post_logout_redirect_uris = {};
  std::vector<std::string> grant_types = {};
  TokenFormat access_token_format = TokenFormat::opaque;
  base::Seconds access_token_lifetime{43'199};
  base::Seconds refresh_lifetime{30 * 24 * 3600};
  jose::Algorithm access_token_algorithm = jose::Algorithm::es256;
  jose::Algorithm id_token_algorithm = jose::Algorithm::rs256;
  /// Profile and e-mail claims stand in the ID token too, not only at userinfo.
  enum class IdTokenClaims { minimal, userinfo } id_token_claims = IdTokenClaims::userinfo;
  std::vector<std::string> audiences = {};  ///< further audiences that it may ask for (RFC 8707)
  std::vector<base::UserId> actors = {};    ///< service accounts bound to it (client_actors)
  base::Time created_at = {};

  bool allows_grant(std::string_view grant_type) const;
  bool is_public() const { return auth_method == AuthMethod::none; }
  std::string client_id() const { return base::to_string(id); }
};

void insert_client(store::Transaction& tx, const Client& client, base::Time now);
void update_client(store::Transaction& tx, const Client& client, base::Time now);
std::optional<Client> find_client(store::Transaction& tx, base::ClientId id);
std::vector<Client> list_clients(store::Transaction& tx);
void bind_actor(store::Transaction& tx, base::ClientId client, base::UserId service_account);

/// A new secret and the hash to store.
struct NewSecret {
  base::Secret text;
  std::string hash;
};
NewSecret make_client_secret(base::Random& random);

}  // namespace vestibule::oauth
