#include "jose/dpop_proof.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "base/encoding.h"
#include "jose/signature.h"
#include "jose/signing_key.h"

namespace vestibule::jose {
namespace {

constexpr std::array allowed = {Algorithm::es256, Algorithm::ps256, Algorithm::eddsa};
constexpr const char* claims =
    R"({"jti":"j-1","htm":"POST","htu":"https://server.example.com/token","iat":1562262616})";

// RFC 9449 section 4.1 and 7.1, as published.
constexpr const char* rfc_header =
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUk"
    "lDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUw"
    "Q2R2R1JEQSIsImNydiI6IlAtMjU2In19";
constexpr const char* rfc_token_request =
    ".eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY"
    "29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiO"
    "SsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
constexpr const char* rfc_resource_request =
    ".eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlL"
    "m9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHh"
    "XWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6"
    "Fy1dqd-jfxSYoMxhAJpLjA";
constexpr const char* rfc_thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

const SigningKey& key_of(Algorithm algorithm) {
  static const std::array keys = {
      SigningKey{Algorithm::es256, PrivateKey::generate(Algorithm::es256)},
      SigningKey{Algorithm::rs256, PrivateKey::generate(Algorithm::rs256)},
      SigningKey{Algorithm::ps256, PrivateKey::generate(Algorithm::ps256)},
      SigningKey{Algorithm::eddsa, PrivateKey::generate(Algorithm::eddsa)}};
  return keys.at(static_cast<std::size_t>(algorithm));
}

std::string header_with(Algorithm algorithm, std::string_view jwk,
                        std::string_view typ = "dpop+jwt") {
  std::string header = R"({"typ":")";
  header.append(typ).append(R"(","alg":")").append(to_string(algorithm)).append("\"");
  if (!jwk.empty()) header.append(R"(,"jwk":)").append(jwk);
  return header.append("}");
}

std::string proof_of(Algorithm algorithm, std::string_view header, std::string_view payload) {
  return sign_compact(key_of(algorithm), base::to_base64url(header), payload);
}

std::string public_jwk(Algorithm algorithm) {
  return key_of(algorithm).key().public_key().to_jwk();
}

Rejection rejection_of(std::string_view token) {
  const auto proof = read_dpop_proof(token, allowed);
  EXPECT_FALSE(proof.has_value()) << token;
  return proof ? Rejection::too_large : proof.error();
}

Rejection with_header(std::string_view header) {
  return rejection_of(proof_of(Algorithm::es256, header, claims));
}

Rejection with_payload(std::string_view payload) {
  const auto header = header_with(Algorithm::es256, public_jwk(Algorithm::es256));
  return rejection_of(proof_of(Algorithm::es256, header, payload));
}

TEST(DpopProof, ReadsTheExamplesOfTheRfc) {
  const auto token = read_dpop_proof(std::string(rfc_header) + rfc_token_request, allowed);
  ASSERT_TRUE(token) << to_string(token.error());
  EXPECT_EQ(token->jkt, rfc_thumbprint);
  EXPECT_EQ(token->jti, "-BwC3ESc6acc2lTc");
  EXPECT_EQ(token->htm, "POST");
  EXPECT_EQ(token->htu, "https://server.example.com/token");
  EXPECT_EQ(base::to_seconds(token->issued_at), 1562262616);
  EXPECT_TRUE(token->ath.empty());

  const auto resource = read_dpop_proof(std::string(rfc_header) + rfc_resource_request, allowed);
  ASSERT_TRUE(resource);
  EXPECT_EQ(resource->jkt, rfc_thumbprint);
  EXPECT_EQ(resource->ath, "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
}

TEST(DpopProof, EveryAllowedAlgorithmProvesItsOwnKey) {
  for (const auto algorithm : allowed) {
    const auto proof = proof_of(algorithm, header_with(algorithm, public_jwk(algorithm)), claims);
    const auto read = read_dpop_proof(proof, allowed);
    ASSERT_TRUE(read) << to_string(algorithm);
    EXPECT_EQ(read->jkt, key_of(algorithm).kid());
  }
}

TEST(DpopProof, UnknownMembersAreIgnoredAndKnownOnesKept) {
  auto header = header_with(Algorithm::es256, public_jwk(Algorithm::es256), "application/DPoP+JWT");
  header.insert(1, R"("tx_id":7,"jku":"https://evil.test",)");
  const auto read = read_dpop_proof(
      proof_of(
          Algorithm::es256, header,
          R"({"jti":"j","htm":"GET","htu":"u","iat":1.5,"nbf":1,"exp":2,"nonce":"n","x":[1]})"),
      allowed);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->nonce, "n");
  EXPECT_EQ(base::to_milliseconds(read->issued_at), 1500);
  EXPECT_EQ(base::to_seconds(read->expires_at.value()), 2);
}

TEST(DpopProof, WhatIsNoSignedJwtIsRefused) {
  const std::string good = std::string(rfc_header) + rfc_token_request;
  EXPECT_EQ(rejection_of(""), Rejection::not_three_parts);
  EXPECT_EQ(rejection_of("a.b"), Rejection::not_three_parts);
  EXPECT_EQ(rejection_of(good + "="), Rejection::not_base64url);
  EXPECT_EQ(rejection_of(std::string(max_proof_size + 1, 'a')), Rejection::too_large);
  EXPECT_EQ(rejection_of("bm8.e30.AA"), Rejection::header_not_object);
  // The signature of another payload.
  const std::string other = rfc_resource_request;
  EXPECT_EQ(rejection_of(good.substr(0, good.rfind('.')) + other.substr(other.rfind('.'))),
            Rejection::signature_invalid);
}

TEST(DpopProof, AWrongHeaderIsRefused) {
  const auto es = public_jwk(Algorithm::es256);
  EXPECT_EQ(with_header(header_with(Algorithm::es256, es, "JWT")), Rejection::wrong_type);
  EXPECT_EQ(with_header(header_with(Algorithm::es256, es, "")), Rejection::wrong_type);
  EXPECT_EQ(with_header(R"({"alg":"ES256","jwk":)" + es + "}"), Rejection::wrong_type);
  EXPECT_EQ(with_header(R"({"typ":"dpop+jwt","jwk":)" + es + "}"), Rejection::algorithm_missing);
  for (const char* alg : {"none", "HS256", "ES384", "es256", ""}) {
    EXPECT_EQ(
        with_header(R"({"typ":"dpop+jwt","alg":")" + std::string(alg) + R"(","jwk":)" + es + "}"),
        Rejection::algorithm_unknown)
        << alg;
  }
  EXPECT_EQ(with_header(R"({"typ":"dpop+jwt","alg":"ES256","crit":["x"],"jwk":)" + es + "}"),
            Rejection::critical_extension);
  EXPECT_EQ(with_header(R"({"typ":"dpop+jwt","alg":"ES256","alg":"ES256","jwk":)" + es + "}"),
            Rejection::header_duplicate_member);
  const auto rsa = public_jwk(Algorithm::rs256);
  EXPECT_EQ(rejection_of(proof_of(Algorithm::rs256, header_with(Algorithm::rs256, rsa), claims)),
            Rejection::algorithm_not_allowed);
}

TEST(DpopProof, TheKeyMustBePublicUsableAndTheSigners) {
  EXPECT_EQ(with_header(header_with(Algorithm::es256, "")), Rejection::header_key_missing);
  const auto own = key_of(Algorithm::es256).key().to_jwk();
  for (const std::string& jwk :
       {std::string(own.reveal()), std::string("null"), std::string("7"), std::string("\"x\""),
        std::string("{}"), std::string(R"({"kty":"oct","k":"AAAA"})"),
        std::string(R"({"kty":"EC","crv":"P-384","x":"AA","y":"AA"})")}) {
    EXPECT_EQ(with_header(header_with(Algorithm::es256, jwk)), Rejection::header_key_unusable);
  }
  EXPECT_EQ(with_header(header_with(Algorithm::es256, public_jwk(Algorithm::eddsa))),
            Rejection::key_does_not_fit);
  const auto other = PrivateKey::generate(Algorithm::es256).public_key().to_jwk();
  EXPECT_EQ(with_header(header_with(Algorithm::es256, other)), Rejection::signature_invalid);
}

TEST(DpopProof, EveryRequiredClaimIsThereAndOfItsType) {
  const std::array<std::string, 4> members = {R"("jti":"j")", R"("htm":"POST")", R"("htu":"u")",
                                              R"("iat":1)"};
  for (std::size_t left_out = 0; left_out < members.size(); ++left_out) {
    std::string payload = R"({"other":1)";
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i != left_out) payload += "," + members[i];
    }
    EXPECT_EQ(with_payload(payload + "}"), Rejection::claim_missing) << payload;
  }
  const std::string all = R"("jti":"j","htm":"POST","htu":"u","iat":1)";
  for (const char* wrong : {R"("ath":1)", R"("nonce":[])", R"("exp":"1")", R"("nbf":-1)"}) {
    EXPECT_EQ(with_payload("{" + all + "," + wrong + "}"), Rejection::claim_malformed) << wrong;
  }
  for (const char* wrong :
       {R"({"jti":1,"htm":"P","htu":"u","iat":1})", R"({"jti":"j","htm":1,"htu":"u","iat":1})",
        R"({"jti":"j","htm":"P","htu":["u"],"iat":1})",
        R"({"jti":"j","htm":"P","htu":"u","iat":"1"})",
        R"({"jti":"j","htm":"P","htu":"u","iat":1e30})"}) {
    EXPECT_EQ(with_payload(wrong), Rejection::claim_malformed) << wrong;
  }
  EXPECT_EQ(with_payload(R"({"jti":"","htm":"P","htu":"u","iat":1})"), Rejection::claim_missing);
  EXPECT_EQ(with_payload("[]"), Rejection::payload_not_object);
  EXPECT_EQ(with_payload("{" + all + R"(,"jti":"k"})"), Rejection::payload_duplicate_member);
}

}  // namespace
}  // namespace vestibule::jose
