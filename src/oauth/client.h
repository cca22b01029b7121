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

/// token_endpoint_auth_method (RFC 7591 section 2, RFC 8705 section 2.1.1). A confidential client
/// with a secret may use basic or post whichever it registered, as ZITADEL allows.
enum class AuthMethod {
  none,
  client_secret_basic,
  client_secret_post,
  private_key_jwt,
  tls_client_auth
};
enum class TokenFormat { opaque, jwt };
/// Whether an authorization request must carry a code_challenge. Public clients always must;
/// `optional` is for confidential OpenID Connect clients that predate PKCE (RFC 9700
/// section 2.1.1).
enum class Pkce { required, optional };
/// What the client's access and refresh tokens are bound to (RFC 9449, RFC 8705 section 3).
enum class SenderConstraint { none, dpop, mtls };
/// Whether a person is asked before this client learns of them. First-party clients are trusted;
/// clients that registered themselves are not.
enum class Consent { implied, asked };
/// A named set of stricter rules (FAPI 2.0 Security Profile; Message Signing contains it).
enum class Profile { standard, fapi2_security, fapi2_message_signing };

/// The one certificate subject by which tls_client_auth knows a client (RFC 8705 section 2.1.2).
struct CertificateSubject {
  enum class Kind { dn, san_dns, san_uri, san_ip, san_email };
  Kind kind = Kind::dn;
  std::string value;
};

/// What a client shows of itself to people (RFC 7591 section 2, OpenID Connect Registration 2).
struct ClientDisplay {
  std::string logo_uri = {};
  std::string client_uri = {};
  std::string policy_uri = {};
  std::string tos_uri = {};
  std::vector<std::string> contacts = {};
};

/// Where a client is told that a session has ended (OpenID Connect Back-Channel Logout section 2.2,
/// Front-Channel Logout section 2). `session_required`: `sid` must be said.
struct LogoutUri {
  std::string uri = {};
  bool session_required = false;
};

/// A registered client. Everything but identity and secret is stored as one JSON document
/// (client_settings.h).
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
  Pkce pkce = Pkce::required;
  Profile profile = Profile::standard;
  Consent consent = Consent::implied;
  SenderConstraint sender_constraint = SenderConstraint::none;
  /// Keys of its own, for client assertions and request objects: a JWK Set, or where to fetch it.
  std::string jwks = {};
  std::string jwks_uri = {};
  std::optional<CertificateSubject> certificate_subject = {};
  /// The only algorithm of its client assertions and request objects; none: any that we speak.
  std::optional<jose::Algorithm> assertion_algorithm = {};
  std::optional<jose::Algorithm> request_object_algorithm = {};
  bool requires_signed_request_object = false;  ///< RFC 9101 section 10.5
  bool requires_pushed_request = false;         ///< RFC 9126 section 6
  std::vector<std::string> request_uris = {};   ///< OpenID Connect Registration section 2
  /// What is signed for it beside tokens; none: plain JSON.
  std::optional<jose::Algorithm> userinfo_algorithm = {};
  std::optional<jose::Algorithm> introspection_algorithm = {};  ///< RFC 9701
  /// Of JARM responses; RS256 unless set (JARM section 3).
  std::optional<jose::Algorithm> authorization_response_algorithm = {};
  std::optional<base::Seconds> default_max_age = {};
  bool requires_auth_time = false;
  std::vector<std::string> default_acr_values = {};
  LogoutUri backchannel_logout = {};
  LogoutUri frontchannel_logout = {};
  ClientDisplay display = {};
  std::string application_type = "web";
  std::string sector_identifier_uri = {};
  /// SHA-256 of the registration access token (RFC 7592); none for clients that an operator made.
  std::optional<std::string> registration_token_hash = {};
  std::vector<std::string> audiences = {};  ///< further audiences that it may ask for (RFC 8707)
  std::vector<base::UserId> actors = {};    ///< service accounts bound to it (client_actors)
  base::Time created_at = {};

  bool allows_grant(std::string_view grant_type) const;
  bool is_public() const { return auth_method == AuthMethod::none; }
  bool has_secret() const {
    return auth_method == AuthMethod::client_secret_basic ||
           auth_method == AuthMethod::client_secret_post;
  }
  bool is_fapi() const { return profile != Profile::standard; }
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
