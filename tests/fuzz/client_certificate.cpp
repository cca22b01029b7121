// Client certificates as proxies write them, and the names that clients register for them: the
// first line is a name, the rest a field's value.
#include "fuzz.h"
#include "oauth/client_certificate_field.h"
#include "oauth/distinguished_name.h"

namespace vestibule::fuzz {
namespace {

using oauth::CertificateEncoding;
using Kind = oauth::CertificateSubject::Kind;

void check(std::string_view name, std::string_view value, CertificateEncoding encoding) {
  const auto certificate = oauth::parse_certificate_field(value, encoding);
  if (!certificate) return;
  require(certificate->thumbprint().size() == 43, "SHA-256 in base64url");
  for (const auto kind : {Kind::dn, Kind::san_dns, Kind::san_uri, Kind::san_ip, Kind::san_email}) {
    require(!certificate->has_subject({kind, ""}), "nobody is the empty name");
    const bool has = certificate->has_subject({kind, std::string(name)});
    require(!has || kind != Kind::dn || oauth::parse_distinguished_name(name),
            "a name that is none is nobody's");
  }
}

}  // namespace

void run(std::string_view input) {
  const auto [name, value] = split_line(input);
  oauth::parse_distinguished_name(name);
  check(name, value, CertificateEncoding::structured);
  check(name, value, CertificateEncoding::escaped_pem);
}

}  // namespace vestibule::fuzz
