#pragma once

#include <boost/json/fwd.hpp>
#include <string_view>

#include "oauth/client.h"
#include "oauth/client_uris.h"
#include "oauth/error.h"

namespace vestibule::oauth {

/// A client from its metadata (RFC 7591 section 2, OpenID Connect Registration section 2, RFC 8705,
/// 9101, 9126, 9449, JARM, the logout specifications): the one place where metadata and Client
/// meet. `identity` gives id, organization, project, secret, registration token and age; all else
/// comes from the document or is a default.
///
/// Metadata that we do not know is ignored (RFC 7591 section 2), except a wish for encryption,
/// which to ignore would be to break. Whoever registers themselves is asked for consent, and gets
/// neither token exchange, client credentials, actors nor further audiences. Does not fetch
/// sector_identifier_uri (check_sector_identifier) and does not look at a profile's rules (fapi.h).
/// Errors: invalid_redirect_uri, invalid_client_metadata.
Result<Client> read_client_metadata(const boost::json::object& document, const Client& identity,
                                    Registrant registrant);

/// Everything that is registered of the client, defaults included, as its metadata; what only an
/// operator may set, for an operator only. No secret, no registration token.
boost::json::object client_metadata(const Client& client, Registrant registrant);

/// OpenID Connect Registration section 5: the JSON array behind sector_identifier_uri has all of
/// the client's redirect URIs. Error: invalid_client_metadata.
Result<void> check_sector_identifier(const Client& client, std::string_view document);

}  // namespace vestibule::oauth
