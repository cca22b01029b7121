#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "oauth/client.h"
#include "oauth/error.h"
#include "oauth/parameters.h"
#include "store/transaction.h"

namespace vestibule::oauth {

/// What a request says about which client sends it; nothing of it has been checked.
struct ParsedCredentials {
  AuthMethod method = AuthMethod::none;  ///< none, client_secret_basic or client_secret_post
  std::string client_id;
  base::Secret secret;
};

/// Reads the credentials from the Authorization field (if there is one) and the form. Errors:
/// invalid_request for two methods at once, a malformed Basic value or no client at all. An
/// Authorization field of another scheme, such as a stray Bearer token, is ignored.
Result<ParsedCredentials> parse_credentials(std::optional<std::string_view> authorization,
                                            const Parameters& form);

/// A client whose credentials are good, or a public one that has named itself. What a one-time
/// credential authorises must use it up in the same transaction, so this opens nothing yet:
/// confirm_client does.
class VerifiedClient {
 public:
  const Client* operator->() const { return &client_; }
  const Client& client() const { return client_; }
  AuthMethod how() const { return how_; }

 private:
  VerifiedClient(Client client, AuthMethod how) : client_(std::move(client)), how_(how) {}
  friend Result<VerifiedClient> verify_client(store::Transaction&, const ParsedCredentials&);
  Client client_;
  AuthMethod how_;
};

/// RFC 6749 section 2.3. A client with a secret may use basic or post whichever it registered.
/// Reads only. Errors: invalid_client; 401 if it tried Basic (section 5.2), where the answer needs
/// WWW-Authenticate, else 400 as ZITADEL answers.
Result<VerifiedClient> verify_client(store::Transaction& tx, const ParsedCredentials& credentials);

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
/// not changed since. Cheap: nothing is verified again. Error: invalid_client.
Result<AuthenticatedClient> confirm_client(store::Transaction& tx, const VerifiedClient& verified);

}  // namespace vestibule::oauth
