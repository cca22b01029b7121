#pragma once

#include <optional>
#include <string>
#include <vector>

#include "oauth/client.h"
#include "oauth/grants/exchange_parties.h"
#include "oauth/grants/exchange_request.h"
#include "oauth/scope.h"

namespace vestibule::oauth {

/// The new token's scope: what the client may name, within subject and actor token. A request that
/// names none gets all that they allow. `offline_access` is never given. Error: invalid_scope.
Result<Scope> allowed_scope(const Client& client, const ExchangeRequest& request,
                            const ExchangeSubject& subject,
                            const std::optional<ExchangeActor>& actor);

/// The new token's audience (RFC 8693 section 2.1, RFC 8707 section 2): what `audience` and
/// `resource` name, each once, if the client may name it; its default audience if they name
/// nothing. Error: invalid_target.
Result<std::vector<std::string>> allowed_audience(const Client& client,
                                                  const ExchangeRequest& request);

}  // namespace vestibule::oauth
