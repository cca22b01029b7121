#include "app/conformance_certificates.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>

#include "jose/key.h"

namespace vestibule::app {
namespace {

constexpr auto valid_for = std::chrono::days(3650);

struct Free {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
using Certificate = std::unique_ptr<X509, Free>;

void require(bool done) {
  if (!done) throw std::runtime_error("OpenSSL cannot make a certificate");
}

void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  require(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

Certificate start_certificate(std::string_view name, const jose::PrivateKey& key,
                              base::Random& random, base::Time now) {
  Certificate made(X509_new());
  require(made && X509_set_version(made.get(), X509_VERSION_3) == 1);
  const auto serial = base::random_bytes(random, 8);
  std::uint64_t number = 0;
  for (const char byte : serial) number = number << 8 | static_cast<unsigned char>(byte);
  require(ASN1_INTEGER_set_uint64(X509_get_serialNumber(made.get()), number >> 1) == 1);
  const auto from = base::to_milliseconds(now) / 1000;
  require(ASN1_TIME_set(X509_getm_notBefore(made.get()), from) != nullptr);
  require(ASN1_TIME_set(X509_getm_notAfter(made.get()),
                        from + std::chrono::seconds(valid_for).count()) != nullptr);
  auto* const subject = X509_get_subject_name(made.get());
  require(X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(name.data()),
                                     static_cast<int>(name.size()), -1, 0) == 1);
  require(X509_set_pubkey(made.get(), key.native()) == 1);
  return made;
}

std::string sign(X509* certificate, X509* issuer, const jose::PrivateKey& issuer_key) {
  require(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1);
  add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
  require(X509_sign(certificate, issuer_key.native(), EVP_sha256()) > 0);
  const std::unique_ptr<BIO, Free> bio(BIO_new(BIO_s_mem()));
  require(bio && PEM_write_bio_X509(bio.get(), certificate) == 1);
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace

ConformanceCertificates make_conformance_certificates(base::Random& random, base::Time now) {
  ConformanceCertificates out;
  const auto key = jose::PrivateKey::generate(jose::Algorithm::es256);
  const auto authority = start_certificate("vestibule-conformance-ca", key, random, now);
  add_extension(authority.get(), authority.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(authority.get(), authority.get(), NID_key_usage, "critical,keyCertSign");
  out.authority = sign(authority.get(), authority.get(), key);

  const auto issue = [&](std::string_view name) -> ConformanceCertificates::Issued {
    const auto own = jose::PrivateKey::generate(jose::Algorithm::es256);
    const auto certificate = start_certificate(name, own, random, now);
    add_extension(certificate.get(), authority.get(), NID_basic_constraints, "critical,CA:FALSE");
    add_extension(certificate.get(), authority.get(), NID_key_usage, "critical,digitalSignature");
    add_extension(certificate.get(), authority.get(), NID_ext_key_usage, "clientAuth");
    return {sign(certificate.get(), authority.get(), key), own.to_pem()};
  };
  out.client = issue(first_certificate_name);
  out.client2 = issue(second_certificate_name);
  return out;
}

}  // namespace vestibule::app
