#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vestibule::oauth {

/// The key that a token is bound to (`cnf`, RFC 7800): whoever presents the token must show that
/// they hold it. At most one of the two is set; both empty: a bearer token.
struct Confirmation {
  std::string jkt = {};       ///< RFC 7638 thumbprint of a DPoP key (RFC 9449 section 6.1)
  std::string x5t_s256 = {};  ///< SHA-256 of a certificate (RFC 8705 section 3.1)

  bool empty() const { return jkt.empty() && x5t_s256.empty(); }
  bool operator==(const Confirmation&) const = default;
};

/// What a grant remembers beside the columns of its code or refresh family: what the authorization
/// request asked for and what its tokens are bound to. Stored as one JSON document.
struct GrantDetails {
  /// What the tokens of a refresh family are bound to, and the key that a code is bound to ahead
  /// (`dpop_jkt`, RFC 9449 section 10).
  Confirmation confirmation = {};
  std::string claims = {};                 ///< the `claims` parameter, checked (Core section 5.5)
  std::vector<std::string> resource = {};  ///< RFC 8707: the audiences that the grant allows
  std::string acr = {};                    ///< what the sign-in was worth; empty: by auth_time

  /// The empty text for a grant without any.
  std::string to_json() const;
  /// Throws std::runtime_error for a document that we never wrote.
  static GrantDetails parse(std::string_view document);
};

}  // namespace vestibule::oauth
