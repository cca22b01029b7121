#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "jose/algorithm.h"
#include "keys/ring.h"
#include "oauth/client.h"
#include "oauth/error.h"
#include "oauth/parameters.h"

namespace vestibule::oauth {

/// What carries the answer of the authorization endpoint to the client (OAuth 2.0 Multiple Response
/// Types section 2.1, Form Post Response Mode) …
enum class Carrier : std::uint8_t { query, fragment, form_post };
/// … and whether its parameters stand there one by one or as one signed JWT (JARM section 2.3).
enum class Packing : std::uint8_t { plain, jwt };

/// `response_mode`; the default of response type `code` is `query`.
struct ResponseMode {
  Carrier carrier = Carrier::query;
  Packing packing = Packing::plain;
  bool operator==(const ResponseMode&) const = default;
};

/// `jwt` is `query.jwt` for response type `code` (JARM section 2.3.4). nullopt for other names.
std::optional<ResponseMode> parse_response_mode(std::string_view name);
/// Every name that parse_response_mode knows, for metadata.
std::vector<std::string> response_mode_names();

/// Where an answer goes and in which form; exists only once client and redirect URI are good.
struct ResponseTarget {
  std::string redirect_uri;
  std::string state = {};
  std::string client_id = {};
  ResponseMode mode = {};
  jose::Algorithm algorithm = jose::Algorithm::rs256;  ///< of JARM

  /// From a request of `client` whose redirect URI has been checked. A response_mode that does not
  /// exist is `query`; saying so is a check of its own.
  static ResponseTarget of(const Client& client, std::string redirect_uri,
                           const Parameters& parameters);
};

/// An error of the authorization endpoint that goes back to the client (RFC 6749 section 4.1.2.1).
struct DeliverableError {
  ResponseTarget target;
  Error error;
};

/// The parameters of an answer; none of them is empty.
struct AuthorizationResponse {
  ResponseTarget target;
  std::vector<Parameters::Field> fields;
};

/// RFC 6749 section 4.1.2, with `iss` (RFC 9207).
AuthorizationResponse success_response(const ResponseTarget& target, std::string code,
                                       const std::string& issuer);
/// RFC 6749 section 4.1.2.1, with `iss` (RFC 9207).
AuthorizationResponse error_response(const DeliverableError& error, const std::string& issuer);

/// JARM section 2.1: the parameters as one JWT, the parameter `response`. Only for Packing::jwt.
/// Signing costs CPU.
AuthorizationResponse pack_response(const keys::Ring& ring, const AuthorizationResponse& response,
                                    base::Time now);

/// The redirect URI with the parameters in its query or fragment; not for Carrier::form_post.
std::string response_location(const AuthorizationResponse& response);

}  // namespace vestibule::oauth
