#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/machine_credentials.h"
#include "zitadel/verbs.h"

// What service accounts show themselves with. Only administrators make and take it: whoever came by
// a token or a key of an account must not be able to turn it into another that outlives it.
namespace vestibule::zitadel {

/// A token, shown once.
Result<accounts::PersonalToken> add_personal_token(const Unit& unit, std::string_view subject,
                                                   const std::optional<base::Time>& expires_at);
Result<void> remove_personal_token(const Unit& unit, std::string_view subject,
                                   std::string_view token_id);

struct KeyRequest {
  std::string user_id;
  std::optional<base::Time> expires_at = {};
  std::string public_key = {};  ///< PEM of an RSA key; empty: one is made
};
struct NewKey {
  std::string id;
  /// The file that ZITADEL hands out, with the private key; empty if the caller brought a key.
  base::Secret file = {};
};
/// Whether the key may be made; before it is, because that takes long.
Result<void> check_key_request(const Unit& unit, const KeyRequest& request);
/// `made` is the new key; unused if the caller brought one.
Result<NewKey> add_key(const Unit& unit, const KeyRequest& request,
                       const std::optional<jose::PrivateKey>& made);
Result<void> remove_key(const Unit& unit, std::string_view subject, std::string_view key_id);

/// For the client_credentials grant; it takes the former one's place.
Result<base::Secret> add_secret(const Unit& unit, std::string_view subject);
Result<void> remove_secret(const Unit& unit, std::string_view subject);

struct ListedCredential {
  accounts::MachineCredential credential;
  std::string subject;  ///< of its service account
};
struct CredentialPage {
  std::vector<ListedCredential> entries = {};
  std::uint64_t total = 0;
  std::uint64_t applied_limit = 0;
};
/// What an administrator may see, or what the caller has itself: filtered, sorted and cut as the
/// request says. For a worker's snapshot.
Result<CredentialPage> list_personal_tokens(const Unit& unit, const Record& request);
Result<CredentialPage> list_keys(const Unit& unit, const Record& request);

}  // namespace vestibule::zitadel
