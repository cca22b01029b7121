#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "jose/key_set.h"
#include "oauth/client.h"
#include "oauth/error.h"
#include "oauth/parameters.h"

// Request objects: an authorization request as a JWT that the client has signed (RFC 9101, OpenID
// Connect Core section 6).
namespace vestibule::oauth {

/// A request object that has been verified.
struct RequestObject {
  std::vector<Parameters::Field> fields;  ///< its parameters, as a form would carry them
  /// Only what it says counts (RFC 9101 section 6.3), whatever stands beside it.
  bool alone = false;
};

/// The key id that a request object names, to look its key up; empty for none or no JWT.
std::string peek_request_object(std::string_view object);

/// Verifies an object with its client's keys. `iss`, `aud`, `exp`, `nbf` and `iat` must be right if
/// they are there. `iss`, `aud` and `client_id` must be there if the object says that it is one
/// (typ oauth-authz-req+jwt) or the client must sign its requests, and `exp` and `nbf`, within an
/// hour, for FAPI clients (FAPI 2.0 Message Signing section 5.3.1). Error: invalid_request_object.
Result<RequestObject> open_request_object(const Client& client, const jose::KeySet& keys,
                                          std::string_view object, const std::string& issuer,
                                          base::Time now);

/// The parameters that count of a request that brings an object. The object's win. Those beside it
/// count where it is silent, if the request is OpenID Connect's (Core section 6.1) and the client
/// may send requests that it has not signed at all, so that whoever could change them gains
/// nothing. Error: invalid_request for a response_type that differs.
Result<Parameters> combine_request(const Client& client, const Parameters& outer,
                                   const RequestObject& object);

}  // namespace vestibule::oauth
