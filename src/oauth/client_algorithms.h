#pragma once

#include <vector>

#include "jose/algorithm.h"
#include "oauth/client.h"

namespace vestibule::oauth {

/// Every algorithm that something for this client may be signed with; the key ring must have keys
/// for them (keys::KeyRing::provide) before the client is stored.
std::vector<jose::Algorithm> signing_algorithms(const Client& client);

}  // namespace vestibule::oauth
