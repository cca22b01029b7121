#include <gtest/gtest.h>

#include "base/encoding.h"
#include "jose/jws.h"
#include "jose/jwt.h"
#include "jose/signature.h"
#include "jose/signing_key.h"

// The examples of RFC 7515, 7638 and 8037, as published.
namespace vestibule::jose {
namespace {

constexpr std::string_view rfc7515_payload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlf"
    "Q";
constexpr std::string_view a2_key =
    R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJ)"
    R"(rcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bS)"
    R"(f63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4L)"
    R"(T6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"})";
constexpr std::string_view a2_signature =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5ju"
    "jGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07"
    "Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipU"
    "TI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
constexpr std::string_view a3_key =
    R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",)"
    R"("d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"})";
constexpr std::string_view a3_signature =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
constexpr std::string_view ed25519_private =
    R"({"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",)"
    R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
constexpr std::string_view ed25519_public =
    R"({"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";

PrivateKey private_key(std::string_view jwk) {
  return PrivateKey::from_jwk(base::Secret(std::string(jwk))).value();
}

std::string compact(std::string_view header, std::string_view payload, std::string_view signature) {
  std::string out(header);
  return out.append(".").append(payload).append(".").append(signature);
}

TEST(RfcVectors, Rfc7515A2VerifiesUnderRs256) {
  const auto token = compact("eyJhbGciOiJSUzI1NiJ9", rfc7515_payload, a2_signature);
  const KeySet keys({{"", std::nullopt, PublicKey::from_jwk(a2_key).value()}});
  const auto jws = parse_compact(token);
  ASSERT_TRUE(jws);
  const auto payload = verify_jws(*jws, keys, {Algorithm::rs256});
  ASSERT_TRUE(payload);
  EXPECT_EQ(*payload,
            "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}");
  EXPECT_EQ(verify_jws(*jws, keys, {Algorithm::ps256, Algorithm::es256}).error(),
            Rejection::algorithm_not_allowed);
}

TEST(RfcVectors, Rfc7515A3VerifiesUnderEs256) {
  const auto token = compact("eyJhbGciOiJFUzI1NiJ9", rfc7515_payload, a3_signature);
  const KeySet keys({{"", std::nullopt, private_key(a3_key).public_key()}});
  const auto jws = parse_compact(token);
  ASSERT_TRUE(jws);
  EXPECT_TRUE(verify_jws(*jws, keys, {Algorithm::es256}));
}

TEST(RfcVectors, Rfc7515A3KeyRoundTrips) {
  const auto key = private_key(a3_key);
  const auto again = PrivateKey::from_jwk(key.to_jwk());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->to_der().reveal(), key.to_der().reveal());
}

TEST(RfcVectors, Rfc7638Thumbprint) {
  const auto key = PublicKey::from_jwk(
      R"({"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aP)"
      R"(FFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ)"
      R"(5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdk)"
      R"(t-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",)"
      R"("e":"AQAB","alg":"RS256","kid":"2011-04-29"})");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

TEST(RfcVectors, Rfc8037A1A2PrivateAndPublicKey) {
  const auto key = private_key(ed25519_private);
  EXPECT_EQ(key.public_key().to_jwk(), ed25519_public);
  EXPECT_EQ(PublicKey::from_jwk(ed25519_public).value().to_jwk(), ed25519_public);
}

TEST(RfcVectors, Rfc8037A3Thumbprint) {
  EXPECT_EQ(PublicKey::from_jwk(ed25519_public).value().thumbprint(),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

TEST(RfcVectors, Rfc8037A4A5SignatureIsReproducedAndVerifies) {
  constexpr std::string_view input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  constexpr std::string_view expected =
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
  const auto key = private_key(ed25519_private);
  for (int i = 0; i < 3; ++i) {  // the thread's context is used again
    EXPECT_EQ(base::to_base64url(sign(Algorithm::eddsa, key, input)), expected);
  }
  EXPECT_TRUE(verify_signature(Algorithm::eddsa, key.public_key(), input,
                               base::from_base64url(expected).value()));
}

// The RFCs have no PS256 example; this token was made by PyJWT with pyca/cryptography.
TEST(ForeignVectors, Ps256TokenOfAnotherLibrary) {
  constexpr std::string_view jwk =
      R"({"alg":"PS256","kid":"cH1-aIHle7RK0gkg-FKhhUoTGCokkGKpgRtdlKC3XUY","use":"sig","e":"AQAB",)"
      R"("kty":"RSA","n":"uDmblbYx4o-r5b7Bhpw8SzIC2XGpyO28OitEUms-GAAJvcu9zvL03Uq9ykMuUrD6qWO_awfpb)"
      R"(4JuFbkQxgJpZnR71EnuM9x5nQcEh0VvbzlNDxy7yEEqGV_cDARyg_5RVZ3GKB6Qse3ktffJoHWIrAjA1w0mGRkJobq)"
      R"(Sw9Peyyc4NZMsl-db6_R0U6n3Jot4bE5DtDps4nu0hqPkysozrq9qqbAvYy7w_PO5cEWaGlSUZktWmjT3qjZqz5qv8)"
      R"(BEsmWpZVZig0K47yogt1LpL5lgWz-6n53uafY0grfJ6-R9_pIQlDFRslUwH_qKt1X9ehZaRgEDNUwqdTrssSZ66HQ")"
      R"(})";
  constexpr std::string_view token =
      R"(eyJhbGciOiJQUzI1NiIsImtpZCI6ImsiLCJ0eXAiOiJKV1QifQ.eyJpc3MiOiJpIiwic3ViIjoiMSIsImF1ZCI6ImE)"
      R"(iLCJleHAiOjQwMDAwMDAwMDB9.ECn1igfL4sjPgr0GVyAMvj-dRmcoLgn4oPH3Ju4nWEJaJeA8WuX89wSCoYjvhHJm)"
      R"(OEkGfjEr7s1DRx4PsuqRBINduFpBz1jjwg8PXdnnjkGnhDEX0NnA5aAXsAJGFv44euNrezUYk1r69kuHBsTQziVEu0)"
      R"(YKiuY9e4fYYsHO9zfS-ANIfpvOhi9JanPi5wW3BJN24J-Sv_U2-yP9B09jT53b94gk-CoVf04QQY8KNl9LoZgqrfpk)"
      R"(L_-XuH6q3eJLspbBXakCPigL0C23qwirhBr7G0BQ3KW1cIlRHUEmd2NgC8ZCzi5QiY-LdPgIRzwKVJkIWIq8RctPK2)"
      R"(3Y-DptiA)";
  auto key = VerificationKey::from_jwk(jwk);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->algorithm, Algorithm::ps256);
  EXPECT_EQ(key->kid, key->key.thumbprint());
  key->kid = "k";
  const Policy policy{
      .issuer = "i", .audience = "a", .allowed = {Algorithm::ps256}, .types = {"JWT"}};
  const auto claims =
      verify(token, KeySet({*key}), policy, base::from_milliseconds(1'795'359'600'000));
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->subject, "1");
}

// OpenID Connect Core appendices A.3 and A.4.
TEST(RfcVectors, OpenIdConnectLeftHalfHashes) {
  EXPECT_EQ(left_half_hash(Algorithm::rs256, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
            "77QmUPtjPfzWtF2AnpK9RQ");
  EXPECT_EQ(left_half_hash(Algorithm::rs256,
                           "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"),
            "LDktKdoQak3Pk0cnXxCltA");
}

}  // namespace
}  // namespace vestibule::jose
