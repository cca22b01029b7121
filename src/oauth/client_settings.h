#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "oauth/client.h"

namespace vestibule::oauth {

/// The names of token_endpoint_auth_method in the IANA registry (RFC 7591 section 4.2).
std::string_view to_string(AuthMethod method);
std::optional<AuthMethod> parse_auth_method(std::string_view name);

/// The JSON document of the settings column: every member of Client that has no column.
std::string settings_json(const Client& client);
/// Sets those members. A member that the document lacks keeps its default, so that what an older
/// version wrote can be read. Throws std::runtime_error for a document that we never wrote.
void apply_settings(Client& client, std::string_view document);

}  // namespace vestibule::oauth
