#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/request.h"
#include "http/response.h"
#include "oauth/error.h"
#include "provider/proof.h"

// What an endpoint needs that is called with an access token (RFC 6750, RFC 9449 section 7).
namespace vestibule::provider {

/// How the token came: as a bearer's, or with a proof of its key.
enum class TokenScheme : std::uint8_t { bearer, dpop };

struct PresentedToken {
  std::string text;
  TokenScheme scheme = TokenScheme::bearer;
};

/// The token in the Authorization field or, in a form POST, as `access_token` (RFC 6750 section
/// 2); two at once are an error. nullopt if there is none. Error: invalid_request.
oauth::Result<std::optional<PresentedToken>> read_presented_token(const http::Request& request);

/// What the presenter has shown beside the token. Under the scheme DPoP there must be a proof for
/// it; beside a bearer's token the DPoP field means nothing (RFC 9449 section 7.2). Errors as
/// check_proof, with 401.
oauth::Result<ShownProof> check_presenter(ProviderContext& context, const http::Request& request,
                                          std::string_view path, const PresentedToken& token);

/// RFC 6750 section 3, RFC 9449 section 7.1: the error with a challenge for each scheme, the reason
/// standing in that of `used`. Logs the private detail.
http::Response encode_resource_error(ProviderContext& context, const http::RequestHead& request,
                                     const oauth::Error& error,
                                     TokenScheme used = TokenScheme::bearer);

}  // namespace vestibule::provider
