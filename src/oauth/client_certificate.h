#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "oauth/client.h"

struct x509_st;

namespace vestibule::oauth {

/// The certificate that a client showed in its TLS handshake. Whether it is genuine was judged by
/// whoever ended the TLS connection; here it only tells who it names. A copy shares the immutable
/// certificate; safe from any thread.
class ClientCertificate {
 public:
  /// One X.509 certificate and nothing else. Error: `certificate_malformed`.
  static base::Result<ClientCertificate> from_der(std::string_view der);
  static base::Result<ClientCertificate> from_pem(std::string_view pem);

  /// `x5t#S256`: SHA-256 of the DER, base64url (RFC 8705 section 3.1).
  const std::string& thumbprint() const { return thumbprint_; }
  /// Whether it has the subject that a client registered (RFC 8705 section 2.1.2). Distinguished
  /// names are compared as X.500 does: without regard to case, spacing and string types; DNS names
  /// and the domains of addresses without regard to case; everything else byte for byte.
  bool has_subject(const CertificateSubject& expected) const;

 private:
  using Native = std::shared_ptr<x509_st>;
  ClientCertificate(Native native, std::string_view der);
  static base::Result<ClientCertificate> adopt(x509_st* native);

  Native native_;
  std::string thumbprint_;
};

}  // namespace vestibule::oauth
