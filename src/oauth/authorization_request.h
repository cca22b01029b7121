#pragma once

#include "oauth/client.h"
#include "oauth/error.h"
#include "oauth/parameters.h"

namespace vestibule::oauth {

/// How an authorization request came, as far as a client may be bound to one way.
struct Arrival {
  bool pushed = false;         ///< by its client, authenticated (RFC 9126)
  bool signed_object = false;  ///< as a request object that the client signed (RFC 9101)
  bool operator==(const Arrival&) const = default;
};

/// The parameters of an authorization request that count, wherever they came from; nothing of them
/// has been checked but where they are from.
struct AuthorizationRequest {
  Parameters parameters;
  Arrival arrival = {};
};

}  // namespace vestibule::oauth
