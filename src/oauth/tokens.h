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
#include "jose/key.h"
#include "keys/ring.h"
#include "oauth/client.h"

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
};

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

 private:
  std::string issuer_;
  const keys::KeyRing& ring_;
  keys::PurposeKeys& purposes_;
  base::Random& random_;
};

}  // namespace vestibule::oauth
