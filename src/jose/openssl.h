#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/params.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

// Ownership of OpenSSL's objects; for the .cpp files of this folder only.
namespace vestibule::jose::openssl {

template <auto free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};
template <class T, auto free>
using Owned = std::unique_ptr<T, Deleter<free>>;

using Bio = Owned<BIO, BIO_free_all>;
using Number = Owned<BIGNUM, BN_clear_free>;
using KeyContext = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using DigestContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using ParameterBuilder = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Parameters = Owned<OSSL_PARAM, OSSL_PARAM_free>;

inline const unsigned char* bytes(std::string_view s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}
inline unsigned char* bytes(std::string& s) {
  return reinterpret_cast<unsigned char*>(s.data());
}

/// For calls that fail only when memory or a provider is lost.
inline void require(int outcome, const char* what) {
  if (outcome <= 0) throw std::runtime_error(std::string("OpenSSL failed: ") + what);
}
template <class T>
T* require(T* object, const char* what) {
  if (object == nullptr) throw std::runtime_error(std::string("OpenSSL failed: ") + what);
  return object;
}

}  // namespace vestibule::jose::openssl
