#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "jose/key_set.h"
#include "oauth/client.h"
#include "provider/context.h"

namespace vestibule::provider {

/// The keys that a client registered, by value or at its jwks_uri; null if there are none to be
/// had. `key_id` is the one that is looked for (RemoteKeySets::load).
boost::asio::awaitable<std::shared_ptr<const jose::KeySet>> load_client_keys(
    ProviderContext& context, const oauth::Client& client, std::string key_id);

}  // namespace vestibule::provider
