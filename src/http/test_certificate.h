#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace vestibule::http::testing {

/// A certificate for 127.0.0.1 that signed itself, and its key, in files.
struct Certificate {
  explicit Certificate(const std::string& name = "one")
      : key(EVP_EC_gen("P-256"), EVP_PKEY_free),
        x509(X509_new(), X509_free),
        file(path_of(name + ".pem")),
        key_file(path_of(name + ".key")) {
    X509_set_version(x509.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509.get()), 3600);
    X509_set_pubkey(x509.get(), key.get());
    auto* const subject = X509_get_subject_name(x509.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(x509.get(), subject);
    auto* const alternative =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(x509.get(), alternative, -1);
    X509_EXTENSION_free(alternative);
    X509_sign(x509.get(), key.get(), EVP_sha256());
    write(file, [this](std::FILE* out) { PEM_write_X509(out, x509.get()); });
    write(key_file, [this](std::FILE* out) {
      PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }
  ~Certificate() {
    std::filesystem::remove(file);
    std::filesystem::remove(key_file);
  }

  static std::string path_of(const std::string& name) {
    return (std::filesystem::temp_directory_path() /
            ("vestibule-http-test-" + std::to_string(::getpid()) + "-" + name))
        .string();
  }
  template <class Write>
  static void write(const std::string& path, Write to) {
    auto* const out = std::fopen(path.c_str(), "w");
    to(out);
    std::fclose(out);
  }

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key;
  std::unique_ptr<X509, decltype(&X509_free)> x509;
  std::string file;
  std::string key_file;
};

}  // namespace vestibule::http::testing
