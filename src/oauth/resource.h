#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "oauth/client.h"
#include "oauth/error.h"
#include "oauth/parameters.h"

// Resource indicators (RFC 8707): which APIs a token is for.
namespace vestibule::oauth {

/// The values of `resource`, each once: absolute URIs without fragment (section 2), sixteen at
/// most. Error: invalid_target.
Result<std::vector<std::string>> parse_resources(const Parameters& parameters);

/// Whether a client may have tokens for `target`: itself, its project and its further audiences.
bool may_name_target(const Client& client, std::string_view target);

/// The same for a request that begins a grant: each resource must be one that the client may name.
/// Error: invalid_target.
Result<std::vector<std::string>> check_resources(const Parameters& parameters,
                                                 const Client& client);
Result<void> check_resources(const std::vector<std::string>& requested, const Client& client);

/// The resources of one access token under a grant: those that were asked for, which must be among
/// the granted ones, or all of them (section 2.2). Error: invalid_target.
Result<std::vector<std::string>> narrow_resources(const std::vector<std::string>& granted,
                                                  const std::vector<std::string>& requested);

}  // namespace vestibule::oauth
