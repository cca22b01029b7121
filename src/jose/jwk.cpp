#include <openssl/core_names.h>
#include <openssl/err.h>

#include <array>
#include <optional>
#include <utility>

#include "base/crypto.h"
#include "base/encoding.h"
#include "jose/key.h"
#include "jose/openssl.h"
#include "jose/strict_json.h"

// The JSON form of keys: RFC 7517, RFC 7518 section 6, RFC 8037 section 2, RFC 7638.
namespace vestibule::jose {
namespace {

namespace json = boost::json;
using base::ErrorKind;
using base::fail;
using base::Result;
using base::Secret;

constexpr std::size_t coordinate_size = 32;

enum class Half : std::uint8_t { public_only, with_private };

std::unexpected<base::Error> malformed(std::string message, std::string field = {}) {
  ERR_clear_error();
  return fail(ErrorKind::invalid, "key_malformed", std::move(message), std::move(field));
}

// Decoded members of a JWK: bytes that may be secret.
Result<Secret> octets(const json::object& jwk, const char* name) {
  const auto text = strict_json::optional_string(jwk, name);
  if (!text || text->empty()) return malformed(std::string("JWK needs the string ") + name, name);
  auto decoded = base::from_base64url(*text);
  if (!decoded) return malformed(std::string("not canonical base64url: ") + name, name);
  return Secret(std::move(*decoded));
}

// RFC 7518 section 6.2.1.2: the full size of a coordinate, whatever its value.
Result<Secret> fixed_octets(const json::object& jwk, const char* name) {
  auto value = octets(jwk, name);
  if (value && value->size() != coordinate_size) {
    return malformed(std::string("must be 32 bytes: ") + name, name);
  }
  return value;
}

// RFC 7518 section 2, Base64urlUInt: the minimum number of octets.
Result<openssl::Number> number(const json::object& jwk, const char* name) {
  const auto value = octets(jwk, name);
  if (!value) return std::unexpected(value.error());
  if (value->reveal().front() == '\0') {
    return malformed(std::string("has leading zero bytes: ") + name, name);
  }
  if (value->size() > 1024) return malformed(std::string("is too long: ") + name, name);
  openssl::Number result{BN_secure_new()};
  openssl::require(result.get(), "BN_secure_new");
  openssl::require(
      BN_bin2bn(openssl::bytes(value->reveal()), static_cast<int>(value->size()), result.get()),
      "BN_bin2bn");
  return result;
}

NativeKey from_parameters(const char* type, OSSL_PARAM_BLD* builder, Half half) {
  const openssl::Parameters parameters{
      openssl::require(OSSL_PARAM_BLD_to_param(builder), "OSSL_PARAM_BLD_to_param")};
  const openssl::KeyContext context{EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)};
  openssl::require(context.get(), "EVP_PKEY_CTX_new_from_name");
  openssl::require(EVP_PKEY_fromdata_init(context.get()), "EVP_PKEY_fromdata_init");
  EVP_PKEY* key = nullptr;
  const int selection = half == Half::with_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
  if (EVP_PKEY_fromdata(context.get(), &key, selection, parameters.get()) != 1) return nullptr;
  return {key, EVP_PKEY_free};
}

Result<NativeKey> read_ec(const json::object& jwk, Half half) {
  if (strict_json::optional_string(jwk, "crv") != "P-256") {
    return fail(ErrorKind::invalid, "key_not_supported", "the only EC curve supported is P-256",
                "crv");
  }
  const auto x = fixed_octets(jwk, "x");
  if (!x) return std::unexpected(x.error());
  const auto y = fixed_octets(jwk, "y");
  if (!y) return std::unexpected(y.error());
  std::string point = "\x04";
  point.append(x->reveal()).append(y->reveal());
  const openssl::ParameterBuilder builder{
      openssl::require(OSSL_PARAM_BLD_new(), "OSSL_PARAM_BLD_new")};
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  openssl::Number d{BN_secure_new()};
  if (half == Half::with_private) {
    const auto scalar = fixed_octets(jwk, "d");
    if (!scalar) return std::unexpected(scalar.error());
    BN_bin2bn(openssl::bytes(scalar->reveal()), static_cast<int>(scalar->size()), d.get());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, d.get());
  }
  auto key = from_parameters("EC", builder.get(), half);
  if (!key) return malformed("x and y are not a point on P-256");
  return key;
}

Result<NativeKey> read_rsa(const json::object& jwk, Half half) {
  struct Member {
    const char* name;
    const char* parameter;
  };
  constexpr std::array<Member, 8> members = {{{"n", OSSL_PKEY_PARAM_RSA_N},
                                              {"e", OSSL_PKEY_PARAM_RSA_E},
                                              {"d", OSSL_PKEY_PARAM_RSA_D},
                                              {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
                                              {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},
                                              {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
                                              {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2},
                                              {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}}};
  if (jwk.contains("oth")) {
    return fail(ErrorKind::invalid, "key_not_supported", "RSA with more than two primes", "oth");
  }
  const openssl::ParameterBuilder builder{
      openssl::require(OSSL_PARAM_BLD_new(), "OSSL_PARAM_BLD_new")};
  std::array<openssl::Number, members.size()> numbers;
  const std::size_t count = half == Half::with_private ? members.size() : 2;
  for (std::size_t i = 0; i < count; ++i) {
    auto value = number(jwk, members[i].name);
    if (!value) return std::unexpected(value.error());
    numbers[i] = std::move(*value);
    OSSL_PARAM_BLD_push_BN(builder.get(), members[i].parameter, numbers[i].get());
  }
  const BIGNUM* exponent = numbers[1].get();
  // An exponent of 1 makes every signature valid; a huge one makes verifying slow.
  if (!BN_is_odd(exponent) || BN_is_one(exponent) || BN_num_bits(exponent) > 64) {
    return malformed("e must be odd, above 1 and at most 64 bits", "e");
  }
  if (!BN_is_odd(numbers[0].get())) return malformed("n is even", "n");
  auto key = from_parameters("RSA", builder.get(), half);
  if (!key) return malformed("not an RSA key");
  return key;
}

Result<NativeKey> read_okp(const json::object& jwk, Half half) {
  if (strict_json::optional_string(jwk, "crv") != "Ed25519") {
    return fail(ErrorKind::invalid, "key_not_supported", "the only OKP curve supported is Ed25519",
                "crv");
  }
  const auto x = fixed_octets(jwk, "x");
  if (!x) return std::unexpected(x.error());
  if (half == Half::public_only) {
    return NativeKey{
        openssl::require(EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr,
                                                        openssl::bytes(x->reveal()), x->size()),
                         "EVP_PKEY_new_raw_public_key_ex"),
        EVP_PKEY_free};
  }
  const auto d = fixed_octets(jwk, "d");
  if (!d) return std::unexpected(d.error());
  NativeKey key{
      openssl::require(EVP_PKEY_new_raw_private_key_ex(nullptr, "ED25519", nullptr,
                                                       openssl::bytes(d->reveal()), d->size()),
                       "EVP_PKEY_new_raw_private_key_ex"),
      EVP_PKEY_free};
  // The public half follows from d, so x is only compared.
  std::string derived(coordinate_size, '\0');
  std::size_t length = derived.size();
  openssl::require(EVP_PKEY_get_raw_public_key(key.get(), openssl::bytes(derived), &length),
                   "EVP_PKEY_get_raw_public_key");
  if (derived != x->reveal()) return malformed("x does not belong to d", "x");
  return key;
}

Result<NativeKey> read(std::string_view text, Half half) {
  const auto jwk = strict_json::parse_object(text);
  if (!jwk) return malformed("a JWK is one JSON object without duplicate members");
  if (half == Half::public_only) {
    for (const char* name : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) {
      if (jwk->contains(name)) {
        return fail(ErrorKind::invalid, "key_private",
                    std::string("a public key was expected, but it has ") + name, name);
      }
    }
  }
  const auto use = strict_json::optional_string(*jwk, "use");
  if (!use || (!use->empty() && *use != "sig")) {
    return fail(ErrorKind::invalid, "key_not_supported", "the key is not for signatures", "use");
  }
  const auto type = strict_json::optional_string(*jwk, "kty");
  if (type == "EC") return read_ec(*jwk, half);
  if (type == "RSA") return read_rsa(*jwk, half);
  if (type == "OKP") return read_okp(*jwk, half);
  return fail(ErrorKind::invalid, "key_not_supported", "kty must be EC, RSA or OKP", "kty");
}

std::string number_text(EVP_PKEY* key, const char* parameter) {
  BIGNUM* value = nullptr;
  openssl::require(EVP_PKEY_get_bn_param(key, parameter, &value), parameter);
  const openssl::Number owner{value};
  std::string octets_of(static_cast<std::size_t>(BN_num_bytes(value)), '\0');
  BN_bn2bin(value, openssl::bytes(octets_of));
  const Secret wiped(std::move(octets_of));
  return base::to_base64url(wiped.reveal());
}

std::string fixed_text(EVP_PKEY* key, const char* parameter) {
  BIGNUM* value = nullptr;
  openssl::require(EVP_PKEY_get_bn_param(key, parameter, &value), parameter);
  const openssl::Number owner{value};
  std::string octets_of(coordinate_size, '\0');
  openssl::require(BN_bn2binpad(value, openssl::bytes(octets_of), coordinate_size), parameter);
  const Secret wiped(std::move(octets_of));
  return base::to_base64url(wiped.reveal());
}

template <auto get>
std::string raw_text(EVP_PKEY* key) {
  std::string octets_of(coordinate_size, '\0');
  std::size_t length = octets_of.size();
  openssl::require(get(key, openssl::bytes(octets_of), &length), "raw key");
  const Secret wiped(std::move(octets_of));
  return base::to_base64url(wiped.reveal());
}

std::string ec_members(EVP_PKEY* key) {
  return R"("crv":"P-256","kty":"EC","x":")" + fixed_text(key, OSSL_PKEY_PARAM_EC_PUB_X) +
         R"(","y":")" + fixed_text(key, OSSL_PKEY_PARAM_EC_PUB_Y) + '"';
}
std::string rsa_members(EVP_PKEY* key) {
  return R"("e":")" + number_text(key, OSSL_PKEY_PARAM_RSA_E) + R"(","kty":"RSA","n":")" +
         number_text(key, OSSL_PKEY_PARAM_RSA_N) + '"';
}
std::string okp_members(EVP_PKEY* key) {
  return R"("crv":"Ed25519","kty":"OKP","x":")" + raw_text<EVP_PKEY_get_raw_public_key>(key) + '"';
}

std::string public_members(KeyType type, EVP_PKEY* key) {
  switch (type) {
    case KeyType::ec_p256:
      return ec_members(key);
    case KeyType::rsa:
      return rsa_members(key);
    case KeyType::ed25519:
      break;
  }
  return okp_members(key);
}

}  // namespace

Result<PublicKey> PublicKey::from_jwk(std::string_view text) {
  auto key = read(text, Half::public_only);
  if (!key) return std::unexpected(key.error());
  return adopt(std::move(*key));
}

std::string PublicKey::to_jwk() const {
  return '{' + public_members(type_, native()) + '}';
}

std::string PublicKey::thumbprint() const {
  return base::to_base64url(base::sha256(to_jwk()));
}

Result<PrivateKey> PrivateKey::from_jwk(const Secret& text) {
  auto key = read(text.reveal(), Half::with_private);
  if (!key) return std::unexpected(key.error());
  return adopt(std::move(*key));
}

Secret PrivateKey::to_jwk() const {
  std::string out = '{' + public_members(type_, native());
  const auto add = [&](std::string_view name, const std::string& value) {
    out.append(",\"").append(name).append("\":\"").append(value).append("\"");
  };
  switch (type_) {
    case KeyType::ec_p256:
      add("d", fixed_text(native(), OSSL_PKEY_PARAM_PRIV_KEY));
      break;
    case KeyType::ed25519:
      add("d", raw_text<EVP_PKEY_get_raw_private_key>(native()));
      break;
    case KeyType::rsa:
      add("d", number_text(native(), OSSL_PKEY_PARAM_RSA_D));
      add("p", number_text(native(), OSSL_PKEY_PARAM_RSA_FACTOR1));
      add("q", number_text(native(), OSSL_PKEY_PARAM_RSA_FACTOR2));
      add("dp", number_text(native(), OSSL_PKEY_PARAM_RSA_EXPONENT1));
      add("dq", number_text(native(), OSSL_PKEY_PARAM_RSA_EXPONENT2));
      add("qi", number_text(native(), OSSL_PKEY_PARAM_RSA_COEFFICIENT1));
      break;
  }
  out += '}';
  return Secret(std::move(out));
}

}  // namespace vestibule::jose
