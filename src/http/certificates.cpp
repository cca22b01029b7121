#include "http/certificates.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace vestibule::http {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};

}  // namespace

base::Result<void> check_certificates(const std::string& path) {
  const auto refuse = [&](const std::string& why) {
    ERR_clear_error();
    return base::fail(base::ErrorKind::invalid, "certificate", path + ": " + why);
  };
  ERR_clear_error();
  if (const auto why = why_unreadable(path); !why.empty()) return refuse(why);
  const std::unique_ptr<BIO, FreeBio> file(BIO_new_file(path.c_str(), "r"));
  if (!file) return refuse("cannot be opened");
  int count = 0;
  while (const std::unique_ptr<X509, FreeCertificate> certificate{
      PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr)}) {
    ++count;
  }
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
    return refuse("a certificate in it is broken");
  }
  if (count == 0) return refuse("there is no certificate in it");
  ERR_clear_error();
  return {};
}

std::string why_unreadable(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || ::access(path.c_str(), R_OK) != 0) {
    return std::strerror(errno);
  }
  // A device or a pipe may have no end.
  return S_ISREG(status.st_mode) ? "" : "not a file";
}

}  // namespace vestibule::http
