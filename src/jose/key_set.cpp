#include "jose/key_set.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "jose/claims_writer.h"
#include "jose/strict_json.h"

namespace vestibule::jose {
namespace {

namespace json = boost::json;
using base::ErrorKind;
using base::fail;
using base::Result;

constexpr std::size_t max_keys = 100;

}  // namespace

Result<VerificationKey> VerificationKey::from_jwk(std::string_view text) {
  auto key = PublicKey::from_jwk(text);
  if (!key) return std::unexpected(key.error());
  const auto jwk = strict_json::parse_object(text);
  const auto kid = strict_json::optional_string(*jwk, "kid");
  const auto alg = strict_json::optional_string(*jwk, "alg");
  if (!kid || !alg) {
    return fail(ErrorKind::invalid, "key_malformed", "kid and alg must be strings",
                kid ? "alg" : "kid");
  }
  VerificationKey result{*kid, std::nullopt, std::move(*key)};
  if (!alg->empty()) {
    result.algorithm = parse_algorithm(*alg);
    if (!result.algorithm || !result.key.fits(*result.algorithm)) {
      return fail(ErrorKind::invalid, "key_not_supported", "alg does not fit the key", "alg");
    }
  }
  return result;
}

std::string VerificationKey::to_jwk() const {
  std::string out = "{";
  if (algorithm) out.append(R"("alg":")").append(to_string(*algorithm)).append("\",");
  if (!kid.empty()) {
    out += R"("kid":)";
    append_json_string(out, kid);
    out += ',';
  }
  out += R"("use":"sig",)";
  return out += key.to_jwk().substr(1);
}

Result<KeySet> KeySet::from_json(std::string_view text) {
  const auto set = strict_json::parse_object(text);
  const auto* entries = set && set->contains("keys") ? set->at("keys").if_array() : nullptr;
  if (entries == nullptr || entries->size() > max_keys) {
    return fail(ErrorKind::invalid, "jwks_malformed",
                "a JWK Set is an object with an array `keys` of at most 100 keys");
  }
  std::vector<VerificationKey> keys;
  for (const auto& entry : *entries) {
    auto key = VerificationKey::from_jwk(json::serialize(entry));
    if (key) {
      keys.push_back(std::move(*key));
    } else if (key.error().reason == "key_private") {
      return fail(ErrorKind::invalid, "jwks_private", "the JWK Set contains a private key");
    }
  }
  return KeySet(std::move(keys));
}

std::string KeySet::to_json() const {
  std::string out = R"({"keys":[)";
  for (const auto& key : keys_) {
    if (&key != keys_.data()) out += ',';
    out += key.to_jwk();
  }
  return out += "]}";
}

const VerificationKey* KeySet::find(std::string_view kid) const {
  if (kid.empty()) return nullptr;
  for (const auto& key : keys_) {
    if (key.kid == kid) return &key;
  }
  return nullptr;
}

}  // namespace vestibule::jose
