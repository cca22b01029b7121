#include "oauth/client_certificate.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>
#include <utility>

#include "base/crypto.h"
#include "base/encoding.h"
#include "base/text.h"
#include "oauth/distinguished_name.h"

namespace vestibule::oauth {
namespace {

using Kind = CertificateSubject::Kind;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeNames {
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};

auto malformed() {
  return base::fail(base::ErrorKind::invalid, "certificate_malformed",
                    "not one X.509 certificate and nothing else");
}

std::string_view bytes_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

/// The bytes of an address as an iPAddress name has them; empty if the text is none.
std::string address_bytes(const std::string& text) {
  std::array<char, 16> bytes{};
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return {bytes.data(), 4};
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return {bytes.data(), 16};
  return {};
}

/// An address with its domain in lower case (RFC 5280 section 7.5).
std::string mail_key(std::string_view address) {
  const auto at = address.rfind('@');
  if (at == std::string_view::npos) return std::string(address);
  return std::string(address.substr(0, at)) + base::to_lower_ascii(address.substr(at));
}

bool matches(const GENERAL_NAME& name, const CertificateSubject& expected) {
  const auto& wanted = expected.value;
  switch (expected.kind) {
    case Kind::san_dns:
      return name.type == GEN_DNS &&
             base::to_lower_ascii(bytes_of(name.d.dNSName)) == base::to_lower_ascii(wanted);
    case Kind::san_uri:
      return name.type == GEN_URI && bytes_of(name.d.uniformResourceIdentifier) == wanted;
    case Kind::san_ip:
      return name.type == GEN_IPADD && bytes_of(name.d.iPAddress) == address_bytes(wanted);
    case Kind::san_email:
      return name.type == GEN_EMAIL && mail_key(bytes_of(name.d.rfc822Name)) == mail_key(wanted);
    case Kind::dn:
      break;
  }
  return false;
}

}  // namespace

ClientCertificate::ClientCertificate(Native native, std::string_view der)
    : native_(std::move(native)), thumbprint_(base::to_base64url(base::sha256(der))) {}

base::Result<ClientCertificate> ClientCertificate::adopt(x509_st* native) {
  Native certificate(native, X509_free);
  if (!certificate) return malformed();
  unsigned char* bytes = nullptr;
  const int length = i2d_X509(certificate.get(), &bytes);
  if (length <= 0) return malformed();
  const std::string der(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
  OPENSSL_free(bytes);
  return ClientCertificate(std::move(certificate), der);
}

base::Result<ClientCertificate> ClientCertificate::from_der(std::string_view der) {
  const auto* position = reinterpret_cast<const unsigned char*>(der.data());
  const auto* const begin = position;
  auto certificate = adopt(d2i_X509(nullptr, &position, static_cast<long>(der.size())));
  if (certificate && position != begin + der.size()) return malformed();
  return certificate;
}

base::Result<ClientCertificate> ClientCertificate::from_pem(std::string_view pem) {
  constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----";
  constexpr std::string_view end = "-----END CERTIFICATE-----";
  const auto text = base::trim(pem);
  // One block only: what stands beside it might be what somebody else looked at.
  if (!text.starts_with(begin) || text.find(end) != text.size() - end.size()) return malformed();
  const std::unique_ptr<BIO, FreeBio> bio(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  return adopt(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

bool ClientCertificate::has_subject(const CertificateSubject& expected) const {
  if (expected.value.empty()) return false;
  if (expected.kind == Kind::dn) {
    const auto name = parse_distinguished_name(expected.value);
    return name && X509_NAME_cmp(X509_get_subject_name(native_.get()), name.get()) == 0;
  }
  const std::unique_ptr<GENERAL_NAMES, FreeNames> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(native_.get(), NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    if (matches(*sk_GENERAL_NAME_value(names.get(), i), expected)) return true;
  }
  return false;
}

}  // namespace vestibule::oauth
