#pragma once

#include <string>
#include <utility>
#include <vector>

#include "remote/answers.h"

namespace vestibule::remote {

using FormFields = std::vector<std::pair<std::string, std::string>>;

/// POST of a form to `url`: the token endpoint (RFC 6749 section 3.2) or another of its kind.
Answered post_form(const http::OutgoingClient& client, const Question& question,
                   const std::string& url, const FormFields& fields);

/// Reads the answer of a token endpoint (RFC 6749 section 5.1): a bearer token with a life. `scope`
/// is the one that was asked for; it holds where the answer names none.
Called<Tokens> read_tokens(const Question& question, const http::OutgoingResponse& answer,
                           const std::string& scope);

}  // namespace vestibule::remote
