#pragma once

#include <string>
#include <vector>

#include "app/config.h"
#include "base/result.h"
#include "oauth/registration.h"

namespace vestibule::app {

/// SHA-256 of each initial access token in a file of one a line; blank lines and those with `#` in
/// front do not count. Error, fit for an operator, for a file that cannot be read or has none.
base::Result<std::vector<std::string>> read_initial_tokens(const std::string& file);

/// Who may register a client, by the configuration. Throws std::invalid_argument for a token file
/// that cannot be read, which `config check` names before.
oauth::RegistrationPolicy registration_policy(const Config& config,
                                              base::OrganizationId organization);

}  // namespace vestibule::app
