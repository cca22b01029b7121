#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "jose/rejection.h"

namespace vestibule::jose {

/// The registered claims of a token that need not have them, such as a request object (RFC 9101
/// section 4). An absent text is empty. Everything else is in `json`.
struct LooseClaims {
  std::string issuer;
  std::string subject;
  std::vector<std::string> audience;
  std::optional<base::Time> expires_at;
  std::optional<base::Time> issued_at;
  std::optional<base::Time> not_before;
  std::string json;  ///< the payload: one JSON object, its member names unique

  bool has_audience(std::string_view name) const;
};

/// Reads the claims of a payload whose signature has been verified, without judging them. Errors:
/// payload_not_object, payload_duplicate_member and claim_malformed.
std::expected<LooseClaims, Rejection> parse_loose_claims(std::string_view payload);

}  // namespace vestibule::jose
