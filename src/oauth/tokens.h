#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/user.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/secret.h"
#include "jose/jwt.h"
#include "jose/key.h"
#include "keys/key_ring.h"
#include "keys/purpose_keys.h"
#include "oauth/client.h"
#include "oauth/grant_details.h"

namespace vestibule::oauth {

/// The party that acts for the subject (RFC 8693 section 4.1).
struct Actor {
  std::string subject;
  std::shared_ptr<const Actor> prior = {};  ///< an earlier actor in the chain
};

/// What an access token says (RFC 9068 section 2.2), and an opaque one says sealed.
struct AccessToken {
  std::string subject;
  std::vector<std::string> audience;
  std::string client_id;
  std::string scope;
  base::Time issued_at;
  base::Time expires_at;
  std::string jti;  ///< a version 7 UUID's token: time to the millisecond
  std::optional<base::SessionId> session = {};  ///< `sid`
  std::optional<base::Time> auth_time = {};
  std::string amr = {};  ///< RFC 8176 values, separated by spaces
  std::string acr = {};
  std::shared_ptr<const Actor> actor = {};
  std::string extra_json = {};  ///< further members, as `,"name":value…`
  /// The grant that it was issued under, whose revocation ends it: the refresh family of an
  /// authorization code.
  std::optional<base::Uuid> grant = {};
  Confirmation confirmation = {};  ///< `cnf`: the key that its bearer must hold
};

/// What an ID token says (OpenID Connect Core section 2).
struct IdToken {
  std::string subject;
  std::vector<std::string> audience;
  std::string client_id;  ///< `azp`
  base::Time issued_at;
  base::Time expires_at;
  std::optional<base::SessionId> session = {};
  std::optional<base::Time> auth_time = {};
  std::optional<std::string> nonce = {};
  std::string amr = {};
  std::string acr = {};
  std::shared_ptr<const Actor> actor = {};
  std::string access_token = {};  ///< the one that is issued beside it, for `at_hash`; may be empty
  std::string claims = {};        ///< further members, as `,"name":value…`
};

/// `acr`: how surely the subject is who they claim to be. "1" if credentials were shown, "0" if
/// nobody signed in (OpenID Connect Core section 2).
std::string_view acr_of(const std::optional<base::Time>& auth_time);

/// Makes tokens. Signing costs CPU and is done outside the writer, after the commit that makes the
/// token true. Thread-safe.
class TokenIssuer {
 public:
  TokenIssuer(std::string issuer, const keys::KeyRing& ring, keys::PurposeKeys& purposes,
              base::Random& random);

  const std::string& issuer() const { return issuer_; }
  /// A fresh `jti`.
  std::string new_jti(base::Time now) const;
  /// RFC 9068: typ at+jwt.
  std::string sign_access_token(const AccessToken& token, jose::Algorithm algorithm) const;
  /// The same claims sealed: nothing is readable and nothing is stored.
  std::string seal_access_token(const AccessToken& token) const;
  /// By the format that the client's tokens have.
  std::string make_access_token(const AccessToken& token, TokenFormat format,
                                jose::Algorithm algorithm) const;

  /// Reads back a token of ours of either form that is unexpired and untampered; says nothing of
  /// its session, user or revocation (see introspection.h).
  std::optional<AccessToken> parse(std::string_view token, base::Time now) const;

  std::string sign_id_token(const IdToken& token, jose::Algorithm algorithm) const;
  /// Reads back an ID token of ours; Expiry::ignored is for `id_token_hint` only. The caller
  /// checks the audience.
  std::optional<jose::Claims> parse_id_token(std::string_view token, jose::Expiry expiry,
                                             base::Time now) const;

 private:
  std::string access_claims(const AccessToken& token) const;
  std::string issuer_;
  const keys::KeyRing& ring_;
  keys::PurposeKeys& purposes_;
  base::Random& random_;
};

}  // namespace vestibule::oauth
