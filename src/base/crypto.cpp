#include "base/crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <array>
#include <memory>
#include <stdexcept>

namespace vestibule::base {
namespace {

constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;

const unsigned char* bytes(std::string_view s) {
  return reinterpret_cast<const unsigned char*>(s.data());
}
unsigned char* bytes(std::string& s) {
  return reinterpret_cast<unsigned char*>(s.data());
}

void require(int outcome, const char* what) {
  if (outcome <= 0) throw std::runtime_error(std::string("OpenSSL failed: ") + what);
}

// Fetching an algorithm costs more than using it, so both are fetched once per process.
const EVP_CIPHER* aes_256_gcm() {
  static EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return cipher;
}
const EVP_MD* sha_256() {
  static EVP_MD* const digest = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return digest;
}

EVP_CIPHER_CTX* cipher_context() {
  struct Free {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  };
  thread_local const std::unique_ptr<EVP_CIPHER_CTX, Free> context{EVP_CIPHER_CTX_new()};
  return context.get();
}

}  // namespace

std::string sha256(std::string_view data) {
  std::string out(32, '\0');
  unsigned int length = 0;
  require(EVP_Digest(data.data(), data.size(), bytes(out), &length, sha_256(), nullptr), "SHA-256");
  return out;
}

std::string hmac_sha256(const Secret& key, std::string_view data) {
  std::string out(32, '\0');
  unsigned int length = 0;
  if (HMAC(sha_256(), key.reveal().data(), static_cast<int>(key.size()), bytes(data), data.size(),
           bytes(out), &length) == nullptr) {
    throw std::runtime_error("OpenSSL failed: HMAC");
  }
  return out;
}

Secret derive_key(const Secret& master, std::string_view info, std::size_t length) {
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context{
      EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr), &EVP_PKEY_CTX_free};
  std::string out(length, '\0');
  require(EVP_PKEY_derive_init(context.get()), "HKDF");
  require(EVP_PKEY_CTX_set_hkdf_md(context.get(), sha_256()), "HKDF");
  require(EVP_PKEY_CTX_set1_hkdf_key(context.get(), bytes(master.reveal()),
                                     static_cast<int>(master.size())),
          "HKDF");
  require(EVP_PKEY_CTX_add1_hkdf_info(context.get(), bytes(info), static_cast<int>(info.size())),
          "HKDF");
  std::size_t written = length;
  require(EVP_PKEY_derive(context.get(), bytes(out), &written), "HKDF");
  return Secret{std::move(out)};
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string seal(const Secret& key, std::string_view plain, std::string_view associated,
                 Random& random) {
  std::string out(nonce_size + plain.size() + tag_size, '\0');
  random.fill({bytes(out), nonce_size});
  auto* const context = cipher_context();
  int length = 0;
  require(EVP_EncryptInit_ex(context, aes_256_gcm(), nullptr, bytes(key.reveal()), bytes(out)),
          "seal");
  require(EVP_EncryptUpdate(context, nullptr, &length, bytes(associated),
                            static_cast<int>(associated.size())),
          "seal");
  require(EVP_EncryptUpdate(context, bytes(out) + nonce_size, &length, bytes(plain),
                            static_cast<int>(plain.size())),
          "seal");
  require(EVP_EncryptFinal_ex(context, bytes(out) + nonce_size + length, &length), "seal");
  require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, tag_size,
                              bytes(out) + nonce_size + plain.size()),
          "seal");
  return out;
}

std::optional<std::string> open(const Secret& key, std::string_view sealed,
                                std::string_view associated) {
  if (sealed.size() < nonce_size + tag_size) return std::nullopt;
  const auto cipher = sealed.substr(nonce_size, sealed.size() - nonce_size - tag_size);
  std::array<unsigned char, tag_size> tag{};
  sealed.copy(reinterpret_cast<char*>(tag.data()), tag_size, sealed.size() - tag_size);
  std::string plain(cipher.size(), '\0');
  auto* const context = cipher_context();
  int length = 0;
  require(EVP_DecryptInit_ex(context, aes_256_gcm(), nullptr, bytes(key.reveal()), bytes(sealed)),
          "open");
  require(EVP_DecryptUpdate(context, nullptr, &length, bytes(associated),
                            static_cast<int>(associated.size())),
          "open");
  require(EVP_DecryptUpdate(context, bytes(plain), &length, bytes(cipher),
                            static_cast<int>(cipher.size())),
          "open");
  require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, tag_size, tag.data()), "open");
  if (EVP_DecryptFinal_ex(context, bytes(plain) + length, &length) != 1) return std::nullopt;
  return plain;
}

}  // namespace vestibule::base
