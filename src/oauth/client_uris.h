#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace vestibule::oauth {

/// Who gives the metadata of a client: anyone at the registration endpoint, or an operator, who is
/// trusted to know what an unusual value is for.
enum class Registrant { anyone, an_operator };

/// What the rules about a client's URIs look at.
struct ClientUri {
  std::string scheme;  ///< lower case
  std::string host;    ///< lower case; empty for URIs without an authority
  std::string origin;  ///< `scheme://host[:port]`
  bool has_userinfo = false;
  bool has_fragment = false;

  bool is_web() const { return (scheme == "https" || scheme == "http") && !host.empty(); }
  /// RFC 8252 section 7.3, and `localhost`, which developers use.
  bool is_loopback() const;
};

/// An absolute URI (RFC 3986) of at most 2000 bytes; nullopt for anything else, white space and
/// control characters included.
std::optional<ClientUri> parse_client_uri(std::string_view text);

/// Where a client may ask answers to be sent; the reason if it may not. Never a fragment (RFC 6749
/// section 3.1.2), user information, or a scheme that a browser runs or reads locally. For anyone:
/// https, and for application_type `native` also http on loopback and private-use schemes with a
/// dot (RFC 8252 section 7.1).
std::optional<std::string_view> refuse_redirect_uri(std::string_view text,
                                                    std::string_view application_type,
                                                    Registrant registrant);

}  // namespace vestibule::oauth
