#include "oauth/client_certificate_field.h"

#include <optional>
#include <string>

#include "base/encoding.h"
#include "base/text.h"

namespace vestibule::oauth {
namespace {

/// RFC 8941 section 3.3.5 without parameters: RFC 9440 defines none.
std::optional<std::string> parse_byte_sequence(std::string_view item) {
  if (item.size() < 3 || !item.starts_with(':') || !item.ends_with(':')) return std::nullopt;
  return base::from_base64(item.substr(1, item.size() - 2));
}

}  // namespace

base::Result<ClientCertificate> parse_certificate_field(std::string_view value,
                                                        CertificateEncoding encoding) {
  const auto item = base::trim(value);
  const bool structured = encoding == CertificateEncoding::structured;
  const auto content = structured ? parse_byte_sequence(item)
                                  : base::percent_decode(item, base::PlusMeaning::literal);
  if (!content) {
    return base::fail(base::ErrorKind::invalid, "certificate_malformed",
                      structured ? "not a byte sequence" : "not percent-encoded");
  }
  return structured ? ClientCertificate::from_der(*content) : ClientCertificate::from_pem(*content);
}

}  // namespace vestibule::oauth
