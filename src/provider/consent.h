#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "keys/sealer.h"

namespace vestibule::provider {

/// What the form of a consent page carries: the sealed authorization request that was asked about,
/// and the session that was asked. Sealed, so that nobody allows in another's name.
std::string seal_consent(const keys::Sealer& sealer, const std::string& issuer,
                         const base::SessionId& session, std::string_view request_token,
                         base::Time now);
/// The request's token, if the page was shown to this session; nullopt for anything else.
std::optional<std::string> open_consent(const keys::Sealer& sealer, const std::string& issuer,
                                        const base::SessionId& session, std::string_view consent,
                                        base::Time now);

}  // namespace vestibule::provider
