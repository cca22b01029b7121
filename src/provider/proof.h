#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/request.h"
#include "http/response.h"
#include "oauth/error.h"
#include "provider/context.h"

// Where DPoP (RFC 9449) meets HTTP.
namespace vestibule::provider {

/// What the DPoP field of a request has shown.
struct ShownProof {
  std::optional<std::string> jkt = {};  ///< thumbprint of the key; none without the field
  /// For the client's next proof; empty if the one that it has is good a while longer.
  std::string next_nonce = {};
};

/// Checks the proof of a request to our endpoint at `path` and uses it up. Its URI is that of the
/// public URL; Host is not looked at. At a protected resource it must be for `access_token`. A
/// request without the field shows nothing. Errors: invalid_dpop_proof; use_dpop_nonce (its answer
/// needs a nonce); temporarily_unavailable with 503.
oauth::Result<ShownProof> check_proof(ProviderContext& context, const http::Request& request,
                                      std::string_view path,
                                      std::optional<std::string_view> access_token = {});

/// RFC 9449 section 8.2: hands over the nonce for the next proof, if it is time for one.
void offer_nonce(http::Response& response, const ShownProof& shown);
/// encode_error for what check_proof refused.
http::Response encode_proof_error(ProviderContext& context, const http::RequestHead& request,
                                  const oauth::Error& error);
/// RFC 9449 section 8: the nonce that an answer of use_dpop_nonce needs; nothing for other errors.
void offer_nonce(http::Response& response, ProviderContext& context, const oauth::Error& error);

}  // namespace vestibule::provider
