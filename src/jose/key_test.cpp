#include "jose/key.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>
#include <vector>

#include "jose/key_set.h"
#include "jose/signature.h"

namespace vestibule::jose {
namespace {

constexpr std::string_view ec_x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
constexpr std::string_view ec_y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
constexpr std::string_view rsa_512_n =
    "3fsXJgXr1pcP3_4bPbVZ0Uu3iSb6gK3wnE3r1v1f1fZbC9wR4yqUQ0mR7q2nN4m1oLk2o0m3r1W1b5m0wq5X0Q";

std::string reason_of(std::string_view jwk) {
  const auto key = PublicKey::from_jwk(jwk);
  return key ? "accepted" : std::string(key.error().reason);
}
std::string ec(std::string_view x, std::string_view y, std::string_view more = "") {
  std::string out = R"({"kty":"EC","crv":"P-256","x":")";
  return out.append(x).append(R"(","y":")").append(y).append("\"").append(more).append("}");
}

class EachAlgorithm : public testing::TestWithParam<Algorithm> {};
INSTANTIATE_TEST_SUITE_P(Keys, EachAlgorithm,
                         testing::Values(Algorithm::es256, Algorithm::rs256, Algorithm::ps256,
                                         Algorithm::eddsa),
                         [](const auto& p) { return std::string(to_string(p.param)); });

TEST_P(EachAlgorithm, EveryEncodingRoundTripsAndSigns) {
  const auto key = PrivateKey::generate(GetParam());
  const auto pem = PrivateKey::from_pem(key.to_pem());
  const auto der = PrivateKey::from_der(key.to_der());
  const auto jwk = PrivateKey::from_jwk(key.to_jwk());
  ASSERT_TRUE(pem && der && jwk);
  const auto public_pem = PublicKey::from_pem(key.public_key().to_pem());
  const auto public_jwk = PublicKey::from_jwk(key.public_key().to_jwk());
  ASSERT_TRUE(public_pem && public_jwk);
  EXPECT_EQ(public_pem->thumbprint(), public_jwk->thumbprint());
  for (const auto* signer : {&key, &*pem, &*der, &*jwk}) {
    const auto signature = sign(GetParam(), *signer, "message");
    EXPECT_TRUE(verify_signature(GetParam(), *public_pem, "message", signature));
    EXPECT_TRUE(verify_signature(GetParam(), *public_jwk, "message", signature));
    EXPECT_FALSE(verify_signature(GetParam(), *public_jwk, "massage", signature));
  }
}

TEST_P(EachAlgorithm, NoOtherKeyAndNoOtherAlgorithmVerifies) {
  const auto key = PrivateKey::generate(GetParam());
  const auto other = PrivateKey::generate(GetParam());
  const auto signature = sign(GetParam(), key, "message");
  EXPECT_FALSE(verify_signature(GetParam(), other.public_key(), "message", signature));
  for (auto wrong : {Algorithm::es256, Algorithm::rs256, Algorithm::ps256, Algorithm::eddsa}) {
    if (wrong == GetParam()) continue;
    EXPECT_FALSE(verify_signature(wrong, key.public_key(), "message", signature));
    if (!key.fits(wrong)) EXPECT_THROW(sign(wrong, key, "message"), std::logic_error);
  }
}

TEST_P(EachAlgorithm, AnEditOfEachByteOfTheSignatureIsRefused) {
  const auto key = PrivateKey::generate(GetParam());
  const auto signature = sign(GetParam(), key, "message");
  for (std::size_t i = 0; i < signature.size(); ++i) {
    auto edited = signature;
    edited[i] = static_cast<char>(edited[i] ^ 0x10);
    EXPECT_FALSE(verify_signature(GetParam(), key.public_key(), "message", edited)) << i;
    EXPECT_FALSE(verify_signature(GetParam(), key.public_key(), "message", signature.substr(0, i)));
  }
  EXPECT_FALSE(verify_signature(GetParam(), key.public_key(), "message", signature + '\0'));
  EXPECT_FALSE(verify_signature(GetParam(), key.public_key(), "message",
                                std::string(signature.size(), '\0')));
  EXPECT_FALSE(verify_signature(GetParam(), key.public_key(), "message",
                                std::string(signature.size(), '\xff')));
}

// Short r or s are what a DER conversion gets wrong; they come up once in 128 signatures.
TEST(Signature, Es256IsAlways64BytesAndVerifies) {
  const auto key = PrivateKey::generate(Algorithm::es256);
  for (int i = 0; i < 2000; ++i) {
    const auto input = std::to_string(i);
    const auto signature = sign(Algorithm::es256, key, input);
    ASSERT_EQ(signature.size(), 64U);
    ASSERT_TRUE(verify_signature(Algorithm::es256, key.public_key(), input, signature)) << i;
  }
}

TEST(Signature, ManyKeysOnOneThreadDoNotMixUp) {
  std::vector<PrivateKey> keys;
  keys.reserve(40);
  for (int i = 0; i < 40; ++i) keys.push_back(PrivateKey::generate(Algorithm::es256));
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto signature = sign(Algorithm::es256, keys[i], "m");
      EXPECT_TRUE(verify_signature(Algorithm::es256, keys[i].public_key(), "m", signature));
      const auto& other = keys[(i + 1) % keys.size()];
      EXPECT_FALSE(verify_signature(Algorithm::es256, other.public_key(), "m", signature));
    }
  }
}

TEST(Signature, OneKeySignsOnManyThreads) {
  for (const auto algorithm :
       {Algorithm::es256, Algorithm::rs256, Algorithm::ps256, Algorithm::eddsa}) {
    const auto key = PrivateKey::generate(algorithm);
    std::array<int, 4> valid{};
    std::vector<std::thread> threads;
    threads.reserve(valid.size());
    for (auto& count : valid) {
      threads.emplace_back([&] {
        for (int i = 0; i < 20; ++i) {
          const auto signature = sign(algorithm, key, "m");
          if (verify_signature(algorithm, key.public_key(), "m", signature)) ++count;
        }
      });
    }
    for (auto& thread : threads) thread.join();
    for (const int count : valid) EXPECT_EQ(count, 20) << to_string(algorithm);
  }
}

TEST(Jwk, RefusesWhatIsNotAValidPublicKey) {
  EXPECT_EQ(reason_of(ec(ec_x, ec_y)), "accepted");
  EXPECT_EQ(reason_of(ec(ec_x, ec_y, R"(,"x5t":"ignored")")), "accepted");
  EXPECT_EQ(reason_of(ec(ec_x, ec_x)), "key_malformed") << "off the curve";
  EXPECT_EQ(reason_of(ec(ec_x, std::string(43, 'A'))), "key_malformed");
  EXPECT_EQ(reason_of(ec(std::string(43, 'A'), std::string(43, 'A'))), "key_malformed");
  EXPECT_EQ(reason_of(ec(std::string(42, 'A'), ec_y)), "key_malformed") << "31 bytes";
  EXPECT_EQ(reason_of(ec(std::string(ec_x) + "=", ec_y)), "key_malformed") << "padding";
  EXPECT_EQ(reason_of(ec(ec_x, ec_y, R"(,"d":"AA")")), "key_private");
  EXPECT_EQ(reason_of(ec(ec_x, ec_y, R"(,"use":"enc")")), "key_not_supported");
  EXPECT_EQ(reason_of(ec(ec_x, ec_y, R"(,"kty":"EC")")), "key_malformed") << "duplicate";
  EXPECT_EQ(reason_of(R"({"kty":"EC","crv":"P-384","x":"AA","y":"AA"})"), "key_not_supported");
  EXPECT_EQ(reason_of(R"({"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"})"), "key_not_supported");
  EXPECT_EQ(reason_of(R"({"kty":"OKP","crv":"X25519","x":"AA"})"), "key_not_supported");
  EXPECT_EQ(reason_of(R"({"kty":"OKP","crv":"Ed25519","x":"AA"})"), "key_malformed");
  EXPECT_EQ(reason_of(R"({"kty":"oct","k":"AA"})"), "key_private");
  EXPECT_EQ(reason_of(R"({"kty":"oct"})"), "key_not_supported");
  EXPECT_EQ(reason_of(R"({"kty":7})"), "key_not_supported");
  EXPECT_EQ(reason_of("[]"), "key_malformed");
  EXPECT_EQ(reason_of(""), "key_malformed");
}

TEST(Jwk, RefusesWeakRsa) {
  const auto good = PrivateKey::generate(Algorithm::rs256).public_key().to_jwk();
  const auto n = good.substr(good.find(R"("n":)") + 5, good.rfind('"') - good.find(R"("n":)") - 5);
  const auto rsa = [](std::string_view modulus, std::string_view e) {
    std::string out = R"({"kty":"RSA","n":")";
    return out.append(modulus).append(R"(","e":")").append(e).append("\"}");
  };
  EXPECT_EQ(reason_of(rsa(n, "AQAB")), "accepted");
  EXPECT_EQ(reason_of(rsa(rsa_512_n, "AQAB")), "key_too_weak");
  EXPECT_EQ(reason_of(rsa(n, "AQ")), "key_malformed") << "e = 1";
  EXPECT_EQ(reason_of(rsa(n, "Ag")), "key_malformed") << "e = 2";
  EXPECT_EQ(reason_of(rsa(n, "AAEAAQ")), "key_malformed") << "leading zero";
  EXPECT_EQ(reason_of(rsa(n, n)), "key_malformed") << "a huge e";
}

TEST(Jwk, RefusesAPrivateKeyThatDoesNotBelongToItsPublicHalf) {
  for (const auto algorithm : {Algorithm::es256, Algorithm::rs256, Algorithm::eddsa}) {
    const std::string a(PrivateKey::generate(algorithm).to_jwk().reveal());
    const std::string b(PrivateKey::generate(algorithm).to_jwk().reveal());
    const auto mixed = a.substr(0, a.find(R"("d":)")) + b.substr(b.find(R"("d":)"));
    const auto key = PrivateKey::from_jwk(base::Secret(mixed));
    ASSERT_FALSE(key) << to_string(algorithm);
    EXPECT_EQ(key.error().reason, "key_malformed");
  }
}

TEST(Pem, RefusesForeignInput) {
  EXPECT_FALSE(PublicKey::from_pem("no PEM"));
  EXPECT_FALSE(PrivateKey::from_pem(base::Secret("no PEM")));
  EXPECT_FALSE(PrivateKey::from_der(base::Secret("no DER")));
  auto der = std::string(PrivateKey::generate(Algorithm::es256).to_der().reveal());
  EXPECT_FALSE(PrivateKey::from_der(base::Secret(der + "x"))) << "trailing bytes";
  EXPECT_FALSE(PrivateKey::from_der(base::Secret(der.substr(0, der.size() - 1))));
}

TEST(KeySet, RoundTripsAndIgnoresWhatItCannotUse) {
  const auto key = PrivateKey::generate(Algorithm::es256).public_key();
  const KeySet set({{"one", Algorithm::es256, key}, {"two", std::nullopt, key}});
  auto text = set.to_json();
  const auto again = KeySet::from_json(text);
  ASSERT_TRUE(again);
  ASSERT_EQ(again->keys().size(), 2U);
  EXPECT_EQ(again->find("one")->algorithm, Algorithm::es256);
  EXPECT_EQ(again->find("two")->algorithm, std::nullopt);
  EXPECT_EQ(again->find("three"), nullptr);
  EXPECT_EQ(again->find(""), nullptr);

  text.insert(text.find('[') + 1,
              R"({"kty":"EC","crv":"P-521","x":"AA","y":"AA"},{"kty":"new"},7,)");
  EXPECT_EQ(KeySet::from_json(text).value().keys().size(), 2U);
}

TEST(KeySet, RefusesPrivateKeysAndForeignJson) {
  const auto jwk = PrivateKey::generate(Algorithm::eddsa).to_jwk();
  const auto set = R"({"keys":[)" + std::string(jwk.reveal()) + "]}";
  EXPECT_EQ(KeySet::from_json(set).error().reason, "jwks_private");
  for (const auto* text : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[],"keys":[]})"}) {
    EXPECT_EQ(KeySet::from_json(text).error().reason, "jwks_malformed") << text;
  }
}

TEST(KeySet, RefusesAnAlgorithmThatDoesNotFitTheKey) {
  const auto key = VerificationKey::from_jwk(ec(ec_x, ec_y, R"(,"alg":"RS256")"));
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().field, "alg");
  EXPECT_FALSE(VerificationKey::from_jwk(ec(ec_x, ec_y, R"(,"alg":"none")")));
  EXPECT_FALSE(VerificationKey::from_jwk(ec(ec_x, ec_y, R"(,"kid":7)")));
}

}  // namespace
}  // namespace vestibule::jose
