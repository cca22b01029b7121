#include "jose/rejection.h"

namespace vestibule::jose {

std::string_view to_string(Rejection reason) {
  switch (reason) {
    using enum Rejection;
    case too_large:
      return "too_large";
    case not_three_parts:
      return "not_three_parts";
    case not_base64url:
      return "not_base64url";
    case header_not_object:
      return "header_not_object";
    case header_duplicate_member:
      return "header_duplicate_member";
    case header_malformed:
      return "header_malformed";
    case algorithm_missing:
      return "algorithm_missing";
    case algorithm_unknown:
      return "algorithm_unknown";
    case critical_extension:
      return "critical_extension";
    case algorithm_not_allowed:
      return "algorithm_not_allowed";
    case key_unknown:
      return "key_unknown";
    case key_does_not_fit:
      return "key_does_not_fit";
    case header_key_missing:
      return "header_key_missing";
    case header_key_unusable:
      return "header_key_unusable";
    case signature_invalid:
      return "signature_invalid";
    case wrong_type:
      return "wrong_type";
    case payload_not_object:
      return "payload_not_object";
    case payload_duplicate_member:
      return "payload_duplicate_member";
    case claim_malformed:
      return "claim_malformed";
    case claim_missing:
      return "claim_missing";
    case issuer_missing:
      return "issuer_missing";
    case wrong_issuer:
      return "wrong_issuer";
    case subject_missing:
      return "subject_missing";
    case audience_missing:
      return "audience_missing";
    case wrong_audience:
      return "wrong_audience";
    case expiry_missing:
      return "expiry_missing";
    case expired:
      return "expired";
    case not_yet_valid:
      return "not_yet_valid";
    case issued_in_future:
      return "issued_in_future";
  }
  return "unknown";
}

}  // namespace vestibule::jose
