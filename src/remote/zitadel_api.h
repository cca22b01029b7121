#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"

namespace vestibule::remote {

/// Why a call to the remote ZITADEL gave nothing.
struct CallError {
  enum class Kind {
    refused,      ///< it answered: it did not do it and will not (a 4xx other than 408 and 429)
    unreachable,  ///< it cannot have taken effect: no connection, or the answer said so (429)
    unknown,      ///< it may have taken effect: 5xx, 408, time-out, cut or malformed answer
  };
  Kind kind = Kind::unknown;
  int status = 0;    ///< of the answer; 0 without one
  std::string code;  ///< `not_found`, `already_exists`, … (RFC 6749: `invalid_grant`, …)
  /// For the log: the call, status and the remote's message. No token, no secret, no URL query.
  std::string detail;

  /// `out_of_reach`: the user has registered, and the service account is for guests only.
  bool is(std::string_view refusal) const { return kind == Kind::refused && code == refusal; }
};
template <class T>
using Called = std::expected<T, CallError>;

struct NewGuest {
  std::string id;  ///< chosen by us, so that a repeated call makes no second user
  std::string username;
  std::string given_name;
  std::string family_name;
  std::string email;  ///< a placeholder; no mail is sent to it
  std::string tag;    ///< the metadata key GUEST_YY_MM_DD
};

enum class RemoteState { active, inactive, locked, other };

struct RemoteUser {
  std::string id;
  std::string organization;
  RemoteState state = RemoteState::active;
  std::string username;
  std::string given_name;
  std::string family_name;
  std::string email;
  bool email_verified = false;
  bool has_password = false;  ///< a password was set (`passwordChanged`)
  std::optional<base::Time> changed_at = {};
};

struct Registration {
  std::string given_name;
  std::string family_name;
  std::string email;  ///< unproved: the remote is asked to send its own mail
  base::Secret password;
};

/// What the token endpoint gave.
struct Tokens {
  base::Secret access_token;    ///< a JWT where one was asked for
  std::int64_t expires_in = 0;  ///< seconds
  std::string scope;
  std::optional<base::Secret> refresh_token;
  std::optional<base::Secret> id_token;
};

/// Who a verified ID token says has signed in (OpenID Connect Core 2, 5.1).
struct Identity {
  std::string subject;
  std::string name;
  std::string given_name;
  std::string family_name;
  std::string email;
  bool email_verified = false;
  std::optional<base::Time> auth_time;
  std::string amr;  ///< RFC 8176 values, separated by spaces
  std::string nonce;
};

struct CodeExchange {
  base::Secret code;
  base::Secret code_verifier;
};

/// The calls that the driver makes, as the service account or as the gateway's client. Blocking;
/// each ends within `longest_call`. Safe from any thread.
class ZitadelApi {
 public:
  virtual ~ZitadelApi() = default;

  /// The longest that a call can still take effect after it was begun.
  virtual base::Milliseconds longest_call() const = 0;

  /// CreateUser. `already_exists` if the id (or the user name) is taken.
  virtual Called<void> create_guest(const NewGuest& guest) = 0;
  /// GetUserByID. `not_found` if there is none (or none that the service account may see).
  virtual Called<RemoteUser> find_user(const std::string& id) = 0;
  /// ListUserMetadata: the keys that begin with GUEST_.
  virtual Called<std::vector<std::string>> list_guest_tags(const std::string& id) = 0;
  /// UpdateHumanUser: profile, address and password in one call. `invalid_argument` for a password
  /// that the remote's policy refuses.
  virtual Called<void> register_user(const std::string& id, const Registration& registration) = 0;
  /// DeleteUserMetadata of one key; that it is gone already is no error.
  virtual Called<void> delete_tag(const std::string& id, const std::string& tag) = 0;
  /// That the user is in that state already is no error for these two.
  virtual Called<void> deactivate(const std::string& id) = 0;
  virtual Called<void> reactivate(const std::string& id) = 0;
  /// DeleteUser; that it is gone already is no error.
  virtual Called<void> delete_user(const std::string& id) = 0;

  /// RFC 8693: a JWT for that guest on the service account's authority.
  virtual Called<Tokens> impersonate(const std::string& id) = 0;
  /// RFC 6749 4.1.3.
  virtual Called<Tokens> redeem_code(const CodeExchange& exchange) = 0;
  /// RFC 6749 6.
  virtual Called<Tokens> refresh(const base::Secret& refresh_token) = 0;
  /// RFC 7009, of a refresh token.
  virtual Called<void> revoke(const base::Secret& refresh_token) = 0;
  /// Verifies signature, issuer, audience and expiry (OpenID Connect Core 3.1.3.7; the nonce and
  /// auth_time are for the caller to compare). `invalid_token` otherwise.
  virtual Called<Identity> verify_id_token(const base::Secret& id_token, base::Time now) = 0;

  /// The user id behind a personal access token (GetMyUser). `unauthenticated` if it is good for
  /// nobody.
  virtual Called<std::string> whoami(const base::Secret& bearer) = 0;
};

}  // namespace vestibule::remote
