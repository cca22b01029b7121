#pragma once

#include <memory>
#include <string_view>

struct X509_name_st;

namespace vestibule::oauth {

struct FreeName {
  void operator()(X509_name_st* name) const;
};
using DistinguishedName = std::unique_ptr<X509_name_st, FreeName>;

/// Reads the string form of a distinguished name (RFC 4514): the most specific part first, `+`
/// between the parts of one level, escapes, `#` and hexadecimal BER, attribute types by OID or by
/// name without regard to case. Spaces after a comma are forgiven. Null for anything else and for
/// the empty name.
DistinguishedName parse_distinguished_name(std::string_view text);

}  // namespace vestibule::oauth
