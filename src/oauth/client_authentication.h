#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "oauth/client.h"
#include "oauth/error.h"
#include "oauth/parameters.h"
#include "oauth/used_assertions.h"
#include "store/transaction.h"

namespace vestibule::jose {
class KeySet;
}

namespace vestibule::oauth {

/// What a request says about which client sends it; nothing of it has been checked.
struct ParsedCredentials {
  /// none (it only names itself, or has shown a certificate), client_secret_basic,
  /// client_secret_post or private_key_jwt
  AuthMethod method = AuthMethod::none;
  std::string client_id;
  base::Secret secret;      ///< or the client assertion
  std::string key_id = {};  ///< `kid` of the assertion; empty if absent
};

/// Reads the credentials from the Authorization field (if there is one) and the form. Errors:
/// invalid_request for two methods at once, a malformed Basic value, half an assertion or no client
/// at all; invalid_client for an assertion that is none or names another client. An Authorization
/// field of another scheme, such as a stray Bearer token, is ignored.
Result<ParsedCredentials> parse_credentials(std::optional<std::string_view> authorization,
                                            const Parameters& form);

struct AssertionAudience;
class ClientCertificate;

/// A client whose credentials are good, or a public one that has named itself. What a one-time
/// credential authorises must use it up in the same transaction, so this opens nothing yet:
/// confirm_client does. Only verify_client and verify_assertion make one.
class VerifiedClient {
 public:
  const Client* operator->() const { return &client_; }
  const Client& client() const { return client_; }
  AuthMethod how() const { return how_; }
  /// What confirm_client uses up; then it writes.
  const std::optional<OneTimeAssertion>& assertion() const { return assertion_; }

 private:
  VerifiedClient(Client client, AuthMethod how, std::optional<OneTimeAssertion> assertion = {})
      : client_(std::move(client)), how_(how), assertion_(std::move(assertion)) {}
  friend Result<VerifiedClient> verify_client(store::Transaction&, const ParsedCredentials&,
                                              const ClientCertificate*);
  friend Result<VerifiedClient> verify_assertion(Client, std::string_view, const jose::KeySet&,
                                                 const AssertionAudience&, base::Time);
  Client client_;
  AuthMethod how_;
  std::optional<OneTimeAssertion> assertion_;
};

/// RFC 6749 section 2.3. A client with a secret may use basic or post whichever it registered.
/// `certificate` is the one of its connection, if there is one, for tls_client_auth (RFC 8705
/// section 2.1). A public client's secret is ignored. Reads only. Errors: invalid_client; 401 if it
/// tried Basic (section 5.2), where the answer needs WWW-Authenticate, or should have had a
/// certificate, else 400 as ZITADEL answers. Assertions go to verify_assertion instead.
Result<VerifiedClient> verify_client(store::Transaction& tx, const ParsedCredentials& credentials,
                                     const ClientCertificate* certificate = nullptr);

/// A client that has shown who it is in this transaction. Only confirm_client makes one, so
/// whoever takes it cannot be called without that step.
class AuthenticatedClient {
 public:
  const Client* operator->() const { return &client_; }
  const Client& client() const { return client_; }
  AuthMethod how() const { return how_; }
  /// True unless it only named itself.
  bool is_confidential() const { return how_ != AuthMethod::none; }

 private:
  AuthenticatedClient(Client client, AuthMethod how) : client_(std::move(client)), how_(how) {}
  friend Result<AuthenticatedClient> confirm_client(store::Transaction&, const VerifiedClient&);
  Client client_;
  AuthMethod how_;
};

/// The client as it is registered in this transaction, provided that what it was verified by has
/// not changed since. Cheap: nothing is verified again. Uses a one-time credential up, for which
/// the transaction must be a writer's and must be kept. Error: invalid_client, also for a
/// credential that has been used.
Result<AuthenticatedClient> confirm_client(store::Transaction& tx, const VerifiedClient& verified);

}  // namespace vestibule::oauth
