#include "jose/key.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <optional>

#include "jose/openssl.h"

namespace vestibule::jose {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;
using base::Secret;

constexpr int min_rsa_bits = 2048;  // RFC 7518 section 3.3
constexpr int max_rsa_bits = 8192;  // beyond it a verification costs milliseconds

NativeKey own(EVP_PKEY* key) {
  return {key, EVP_PKEY_free};
}

openssl::Bio reader(std::string_view text) {
  return openssl::Bio{
      openssl::require(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), "BIO")};
}

std::string content(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

// An encrypted PEM must fail, not ask at the terminal.
int refuse_passphrase(char*, int, int, void*) {
  return -1;
}

Result<KeyType> classify(EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "ED25519")) return KeyType::ed25519;
  if (EVP_PKEY_is_a(key, "EC")) {
    std::string group(64, '\0');
    std::size_t length = 0;
    if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &length) != 1 ||
        std::string_view(group).substr(0, length) != "prime256v1") {
      return fail(ErrorKind::invalid, "key_not_supported", "the only EC curve supported is P-256");
    }
    return KeyType::ec_p256;
  }
  if (EVP_PKEY_is_a(key, "RSA")) {
    const int bits = EVP_PKEY_get_bits(key);
    if (bits < min_rsa_bits) {
      return fail(ErrorKind::invalid, "key_too_weak", "an RSA key needs at least 2048 bits");
    }
    if (bits > max_rsa_bits) {
      return fail(ErrorKind::invalid, "key_not_supported", "an RSA key has at most 8192 bits");
    }
    return KeyType::rsa;
  }
  return fail(ErrorKind::invalid, "key_not_supported",
              "the key types supported are P-256, RSA and Ed25519");
}

std::unexpected<base::Error> malformed(const char* what) {
  ERR_clear_error();
  return fail(ErrorKind::invalid, "key_malformed", what);
}

// OpenSSL's own check of an RSA pair tests the primes again, which takes a hundred times as long as
// a signature, and that shows the same.
bool is_rsa_pair(EVP_PKEY* key) {
  constexpr std::string_view probe = "probe";
  const openssl::DigestContext context{EVP_MD_CTX_new()};
  openssl::require(context.get(), "EVP_MD_CTX_new");
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key)), '\0');
  std::size_t length = signature.size();
  return EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestSign(context.get(), openssl::bytes(signature), &length, openssl::bytes(probe),
                        probe.size()) == 1 &&
         EVP_MD_CTX_reset(context.get()) == 1 &&
         EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), openssl::bytes(signature), length, openssl::bytes(probe),
                          probe.size()) == 1;
}

bool is_pair(KeyType type, EVP_PKEY* key) {
  if (type == KeyType::rsa) return is_rsa_pair(key);
  const openssl::KeyContext context{EVP_PKEY_CTX_new(key, nullptr)};
  openssl::require(context.get(), "EVP_PKEY_CTX_new");
  return EVP_PKEY_pairwise_check(context.get()) == 1;
}

}  // namespace

Result<PublicKey> PublicKey::adopt(NativeKey native) {
  const auto type = classify(native.get());
  if (!type) return std::unexpected(type.error());
  // The encodings in use leave no room for a point off the curve, but the check is OpenSSL's to
  // make, not ours to assume. It does nothing useful for RSA and is slow there.
  if (*type != KeyType::rsa) {
    const openssl::KeyContext context{EVP_PKEY_CTX_new(native.get(), nullptr)};
    openssl::require(context.get(), "EVP_PKEY_CTX_new");
    if (EVP_PKEY_public_check(context.get()) != 1) return malformed("the public key is not valid");
  }
  return PublicKey(std::move(native), *type);
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  const auto bio = reader(pem);
  auto key = own(PEM_read_bio_PUBKEY(bio.get(), nullptr, refuse_passphrase, nullptr));
  if (!key) return malformed("not a PEM public key");
  return adopt(std::move(key));
}

std::string PublicKey::to_pem() const {
  const openssl::Bio bio{openssl::require(BIO_new(BIO_s_mem()), "BIO_new")};
  openssl::require(PEM_write_bio_PUBKEY(bio.get(), native_.get()), "PEM_write_bio_PUBKEY");
  return content(bio.get());
}

PrivateKey PrivateKey::generate(Algorithm algorithm) {
  const auto type = key_type_of(algorithm);
  EVP_PKEY* key = nullptr;
  switch (type) {
    case KeyType::ec_p256:
      key = EVP_EC_gen("P-256");
      break;
    case KeyType::rsa:
      key = EVP_RSA_gen(static_cast<unsigned>(min_rsa_bits));
      break;
    case KeyType::ed25519:
      key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
      break;
  }
  return {own(openssl::require(key, "key generation")), type};
}

Result<PrivateKey> PrivateKey::adopt(NativeKey native) {
  const auto type = classify(native.get());
  if (!type) return std::unexpected(type.error());
  if (!is_pair(*type, native.get())) {
    return malformed("the private key does not belong to its public key");
  }
  return PrivateKey(std::move(native), *type);
}

Result<PrivateKey> PrivateKey::from_pem(const Secret& pem) {
  const auto bio = reader(pem.reveal());
  auto key = own(PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_passphrase, nullptr));
  if (!key) return malformed("not an unencrypted PEM private key");
  return adopt(std::move(key));
}

Result<PrivateKey> PrivateKey::from_der(const Secret& der) {
  const auto* position = openssl::bytes(der.reveal());
  const auto* const end = position + der.size();
  auto key = own(d2i_AutoPrivateKey(nullptr, &position, static_cast<long>(der.size())));
  if (!key || position != end) return malformed("not a PKCS #8 private key");
  return adopt(std::move(key));
}

Secret PrivateKey::to_pem() const {
  const openssl::Bio bio{openssl::require(BIO_new(BIO_s_secmem()), "BIO_new")};
  openssl::require(PEM_write_bio_PKCS8PrivateKey(bio.get(), native_.get(), nullptr, nullptr, 0,
                                                 nullptr, nullptr),
                   "PEM_write_bio_PKCS8PrivateKey");
  return Secret(content(bio.get()));
}

Secret PrivateKey::to_der() const {
  const openssl::Bio bio{openssl::require(BIO_new(BIO_s_secmem()), "BIO_new")};
  openssl::require(
      i2d_PKCS8PrivateKey_bio(bio.get(), native_.get(), nullptr, nullptr, 0, nullptr, nullptr),
      "i2d_PKCS8PrivateKey_bio");
  return Secret(content(bio.get()));
}

PublicKey PrivateKey::public_key() const {
  return {native_, type_};
}

}  // namespace vestibule::jose
