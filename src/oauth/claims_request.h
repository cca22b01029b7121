#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oauth/error.h"

namespace vestibule::oauth {

/// What a `claims` parameter asks for (OpenID Connect Core section 5.5). Claims about the user are
/// kept by name: that one is essential or should have a certain value changes nothing for us, since
/// what is not known is left out either way (section 5.5.1). What we do not know is ignored.
struct ClaimsRequest {
  std::vector<std::string> userinfo = {};
  std::vector<std::string> id_token = {};
  std::optional<std::string> subject = {};  ///< the one user that the request is about
  /// Those that `acr` must be one of; empty: any will do.
  std::vector<std::string> essential_acr = {};

  /// Error: invalid_request for what is not such a JSON document.
  static Result<ClaimsRequest> parse(std::string_view parameter);

  /// The names, in the parameter's own form, for GrantDetails::claims; empty if there are none.
  std::string to_json() const;
  /// Reads to_json back; throws std::runtime_error for a document that we never wrote.
  static ClaimsRequest remembered(std::string_view document);

  /// Whether a sign-in that `acr` describes is what the client insists on (section 5.5.1.1).
  bool accepts_acr(std::string_view acr) const;
};

}  // namespace vestibule::oauth
