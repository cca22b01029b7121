#include "jose/signature.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include <array>
#include <vector>

#include "base/crypto.h"
#include "jose/openssl.h"

namespace vestibule::jose {
namespace {

constexpr std::size_t half_size = 32;
constexpr std::size_t max_der_size = 72;
constexpr std::size_t contexts_per_thread = 16;

using Initialise = int (*)(EVP_PKEY_CTX*);

openssl::KeyContext make_context(Algorithm algorithm, EVP_PKEY* key, Initialise initialise) {
  openssl::KeyContext context{EVP_PKEY_CTX_new(key, nullptr)};
  openssl::require(context.get(), "EVP_PKEY_CTX_new");
  openssl::require(initialise(context.get()), "initialisation");
  openssl::require(EVP_PKEY_CTX_set_signature_md(context.get(), EVP_sha256()), "digest");
  if (algorithm == Algorithm::rs256) {
    openssl::require(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING), "padding");
  }
  if (algorithm == Algorithm::ps256) {  // RFC 7518 section 3.5: salt as long as the hash
    openssl::require(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PSS_PADDING), "padding");
    openssl::require(EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), EVP_sha256()), "MGF1");
    openssl::require(EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), RSA_PSS_SALTLEN_DIGEST),
                     "salt");
  }
  return context;
}

// Initialised contexts of one thread, the most recently used in front. A context holds a reference
// to its key, so the address cannot come to mean another key while the entry is there.
class Contexts {
 public:
  EVP_PKEY_CTX* find(Algorithm algorithm, EVP_PKEY* key, Initialise initialise) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].key != key || entries_[i].algorithm != algorithm) continue;
      if (i > 0) std::swap(entries_[i], entries_[i - 1]);
      return entries_[i > 0 ? i - 1 : 0].context.get();
    }
    if (entries_.size() == contexts_per_thread) entries_.pop_back();
    entries_.push_back({key, algorithm, make_context(algorithm, key, initialise)});
    return entries_.back().context.get();
  }
  void forget(const EVP_PKEY_CTX* context) {
    std::erase_if(entries_, [&](const Entry& e) { return e.context.get() == context; });
  }

 private:
  struct Entry {
    EVP_PKEY* key;
    Algorithm algorithm;
    openssl::KeyContext context;
  };
  std::vector<Entry> entries_;
};

EVP_MD_CTX* digest_context() {
  thread_local const openssl::DigestContext context{EVP_MD_CTX_new()};
  EVP_MD_CTX_reset(openssl::require(context.get(), "EVP_MD_CTX_new"));
  return context.get();
}

// RFC 7518 section 3.4: DER's two integers become r ‖ s of 32 bytes each. DER of P-256 is short
// enough that each length is one byte (X.690 section 8.1.3.4).
std::string der_to_raw(std::string_view der) {
  std::string raw(2 * half_size, '\0');
  std::size_t at = 2;
  for (std::size_t half = 0; half < 2; ++half) {
    auto length = static_cast<std::size_t>(static_cast<unsigned char>(der.at(at + 1)));
    auto value = der.substr(at + 2, length);
    at += 2 + length;
    while (value.size() > half_size) value.remove_prefix(1);
    value.copy(raw.data() + half * half_size + (half_size - value.size()), value.size());
  }
  return raw;
}

std::string raw_to_der(std::string_view raw) {
  std::string body;
  for (const auto part : {raw.substr(0, half_size), raw.substr(half_size)}) {
    auto value = part;
    while (value.size() > 1 && value.front() == '\0') value.remove_prefix(1);
    const bool sign_bit = (static_cast<unsigned char>(value.front()) & 0x80) != 0;
    body += '\x02';
    body += static_cast<char>(value.size() + (sign_bit ? 1 : 0));
    if (sign_bit) body += '\0';
    body += value;
  }
  std::string der = "\x30";
  der += static_cast<char>(body.size());
  return der += body;
}

std::string sign_ed25519(EVP_PKEY* key, std::string_view input) {
  EVP_MD_CTX* const context = digest_context();
  openssl::require(EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key), "Ed25519");
  std::string out(64, '\0');
  std::size_t length = out.size();
  openssl::require(
      EVP_DigestSign(context, openssl::bytes(out), &length, openssl::bytes(input), input.size()),
      "Ed25519");
  return out;
}

bool verify_ed25519(EVP_PKEY* key, std::string_view input, std::string_view signature) {
  EVP_MD_CTX* const context = digest_context();
  openssl::require(EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, key), "Ed25519");
  return EVP_DigestVerify(context, openssl::bytes(signature), signature.size(),
                          openssl::bytes(input), input.size()) == 1;
}

}  // namespace

std::string sign(Algorithm algorithm, const PrivateKey& key, std::string_view input) {
  if (!key.fits(algorithm)) throw std::logic_error("the key does not fit the algorithm");
  if (algorithm == Algorithm::eddsa) return sign_ed25519(key.native(), input);
  thread_local Contexts contexts;
  EVP_PKEY_CTX* const context = contexts.find(algorithm, key.native(), EVP_PKEY_sign_init);
  const std::string digest = base::sha256(input);
  std::string out(algorithm == Algorithm::es256
                      ? max_der_size
                      : static_cast<std::size_t>(EVP_PKEY_get_size(key.native())),
                  '\0');
  std::size_t length = out.size();
  if (EVP_PKEY_sign(context, openssl::bytes(out), &length, openssl::bytes(digest), digest.size()) !=
      1) {
    contexts.forget(context);
    throw std::runtime_error("OpenSSL failed: EVP_PKEY_sign");
  }
  out.resize(length);
  return algorithm == Algorithm::es256 ? der_to_raw(out) : out;
}

bool verify_signature(Algorithm algorithm, const PublicKey& key, std::string_view input,
                      std::string_view signature) {
  if (!key.fits(algorithm)) return false;
  const std::size_t expected = key.type() == KeyType::rsa
                                   ? static_cast<std::size_t>(EVP_PKEY_get_size(key.native()))
                                   : 2 * half_size;
  if (signature.size() != expected) return false;
  bool valid = false;
  if (algorithm == Algorithm::eddsa) {
    valid = verify_ed25519(key.native(), input, signature);
  } else {
    thread_local Contexts contexts;
    EVP_PKEY_CTX* const context = contexts.find(algorithm, key.native(), EVP_PKEY_verify_init);
    const std::string digest = base::sha256(input);
    const std::string encoded =
        algorithm == Algorithm::es256 ? raw_to_der(signature) : std::string(signature);
    valid = EVP_PKEY_verify(context, openssl::bytes(encoded), encoded.size(),
                            openssl::bytes(digest), digest.size()) == 1;
  }
  if (!valid) ERR_clear_error();
  return valid;
}

}  // namespace vestibule::jose
