#include "oauth/dpop.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/crypto.h"
#include "base/encoding.h"
#include "jose/claims_writer.h"
#include "jose/signing_key.h"
#include "oauth/used_proofs.h"

namespace vestibule::oauth {
namespace {

using Kind = ProofRefusal::Kind;

constexpr const char* token_url = "https://server.example.com/token";
constexpr const char* access_token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";

/// The claims of a proof, each of which a test may change.
struct Draft {
  std::string jti = "j-1";
  std::string htm = "POST";
  std::string htu = token_url;
  base::Time iat{};
  std::optional<base::Time> nbf = {};
  std::optional<base::Time> exp = {};
  std::string ath = {};
  std::string nonce = {};
};

class DpopTest : public testing::Test {
 protected:
  DpopTest()
      : purposes(keys::MasterKey::parse(base::Secret(std::string(42, 'q') + "A")).value()),
        nonces("https://server.example.com", purposes, random) {}

  base::Time now() const { return clock.now(); }
  Draft draft() const { return {.iat = now()}; }

  static std::string make(const Draft& draft) {
    static const jose::SigningKey key{jose::Algorithm::es256,
                                      jose::PrivateKey::generate(jose::Algorithm::es256)};
    jose::ClaimsWriter writer;
    writer.text("jti", draft.jti)
        .text("htm", draft.htm)
        .text("htu", draft.htu)
        .time("iat", draft.iat)
        .text_if("ath", draft.ath)
        .text_if("nonce", draft.nonce);
    if (draft.nbf) writer.time("nbf", *draft.nbf);
    if (draft.exp) writer.time("exp", *draft.exp);
    const std::string header =
        R"({"typ":"dpop+jwt","alg":"ES256","jwk":)" + key.key().public_key().to_jwk() + "}";
    return sign_compact(key, base::to_base64url(header), std::move(writer).finish());
  }
  std::expected<VerifiedProof, ProofRefusal> verify(const Draft& draft) const {
    return verify_proof(make(draft), policy, nonces, now());
  }
  void expect_refused(const Draft& draft, Kind kind) const {
    const auto verdict = verify(draft);
    ASSERT_FALSE(verdict.has_value());
    EXPECT_EQ(verdict.error().kind, kind) << verdict.error().detail;
  }

  base::FakeClock clock;
  base::SystemRandom random;
  keys::PurposeKeys purposes;
  DpopNonces nonces;
  ProofPolicy policy{.method = "POST", .target = token_url};
};

TEST_F(DpopTest, TheResourceRequestOfTheRfcHoldsForItsTokenAndTimeOnly) {
  // RFC 9449 section 7.1.
  constexpr const char* proof =
      "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNo"
      "UklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERW"
      "clUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR"
      "1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCw"
      "iYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-E"
      "y71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
  ProofPolicy request{.method = "GET",
                      .target = "https://resource.example.org/protectedresource",
                      .access_token = access_token};
  const base::Time made{base::Seconds{1'562'262'618}};
  const auto held = verify_proof(proof, request, nonces, made);
  ASSERT_TRUE(held) << held.error().detail;
  EXPECT_EQ(held->jkt, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
  EXPECT_EQ(verify_proof(proof, request, nonces, now()).error().kind, Kind::stale);
  request.access_token = "another";
  EXPECT_EQ(verify_proof(proof, request, nonces, made).error().kind, Kind::wrong_token_hash);
}

TEST_F(DpopTest, OneClaimThatDoesNotFitIsEnough) {
  struct Row {
    const char* what;
    std::function<void(Draft&)> change;
    Kind kind;
  };
  const std::string own_nonce = nonces.issue(now());
  const std::vector<Row> rows = {
      {"another method", [](Draft& d) { d.htm = "GET"; }, Kind::wrong_method},
      {"the method in small letters", [](Draft& d) { d.htm = "post"; }, Kind::wrong_method},
      {"another path", [](Draft& d) { d.htu = "https://server.example.com/par"; }, Kind::wrong_uri},
      {"another host", [](Draft& d) { d.htu = "https://evil.test/token"; }, Kind::wrong_uri},
      {"another scheme", [](Draft& d) { d.htu = "http://server.example.com/token"; },
       Kind::wrong_uri},
      {"another port", [](Draft& d) { d.htu = "https://server.example.com:444/token"; },
       Kind::wrong_uri},
      {"user info", [](Draft& d) { d.htu = "https://a@server.example.com/token"; },
       Kind::wrong_uri},
      {"a path alone", [](Draft& d) { d.htu = "/token"; }, Kind::wrong_uri},
      {"a long jti", [](Draft& d) { d.jti = std::string(257, 'j'); }, Kind::long_jti},
      {"an hour old", [](Draft& d) { d.iat -= base::Seconds{3600}; }, Kind::stale},
      {"a minute old", [](Draft& d) { d.iat -= base::Seconds{61}; }, Kind::stale},
      {"an hour ahead", [](Draft& d) { d.iat += base::Seconds{3600}; }, Kind::from_the_future},
      {"12 s ahead", [](Draft& d) { d.iat += base::Seconds{12}; }, Kind::from_the_future},
      {"past its own end", [](Draft& d) { d.exp = d.iat; }, Kind::stale},
      {"before its own start", [](Draft& d) { d.nbf = d.iat + base::Seconds{20}; },
       Kind::from_the_future},
      {"a made-up nonce", [](Draft& d) { d.nonce = "n-1"; }, Kind::nonce_unknown},
      {"an edited nonce", [&](Draft& d) { d.nonce = own_nonce + "A"; }, Kind::nonce_unknown},
      {"past its own end, with a nonce",
       [&](Draft& d) {
         d.nonce = own_nonce;
         d.exp = d.iat;
       },
       Kind::stale},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    Draft changed = draft();
    row.change(changed);
    expect_refused(changed, row.kind);
  }
  EXPECT_TRUE(verify(draft()));
}

TEST_F(DpopTest, ClocksMayDifferALittleAndSpellingsOfTheUri) {
  for (const auto shift : {-59, -10, 0, 8, 10}) {
    Draft shifted = draft();
    shifted.iat += base::Seconds{shift};
    EXPECT_TRUE(verify(shifted)) << shift;
  }
  for (const char* htu :
       {"HTTPS://SERVER.EXAMPLE.COM:443/token", "https://server.example.com/token?a#b"}) {
    Draft spelled = draft();
    spelled.htu = htu;
    EXPECT_TRUE(verify(spelled)) << htu;
  }
}

TEST_F(DpopTest, AtAResourceTheHashOfTheTokenIsNeeded) {
  policy.access_token = access_token;
  expect_refused(draft(), Kind::wrong_token_hash);
  Draft with_hash = draft();
  with_hash.ath = base::to_base64url(base::sha256("another"));
  expect_refused(with_hash, Kind::wrong_token_hash);
  with_hash.ath = base::to_base64url(base::sha256(access_token));
  EXPECT_TRUE(verify(with_hash));
  policy.access_token.reset();
  EXPECT_TRUE(verify(with_hash)) << "ignored where no token is presented";
}

TEST_F(DpopTest, ANonceSaysWhenTheProofWasMade) {
  Draft with_nonce = draft();
  with_nonce.nonce = nonces.issue(now());
  with_nonce.iat -= base::Seconds{3600};
  const auto held = verify(with_nonce);
  ASSERT_TRUE(held) << held.error().detail;
  EXPECT_EQ(held->nonce_issued_at, now());
  EXPECT_EQ(held->good_until, now() + nonce_lifetime);
  clock.advance(nonce_lifetime - base::Milliseconds{1});
  EXPECT_TRUE(verify(with_nonce));
  clock.advance(base::Milliseconds{1});
  expect_refused(with_nonce, Kind::nonce_unknown);
}

TEST_F(DpopTest, WhereANonceIsRequiredItsAbsenceAsksForOne) {
  policy.nonce = NonceRule::required;
  const auto refused = verify(draft());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::nonce_missing);
  EXPECT_TRUE(refused.error().wants_nonce());
  Draft with_nonce = draft();
  with_nonce.nonce = nonces.issue(now());
  EXPECT_TRUE(verify(with_nonce));
}

TEST_F(DpopTest, ANonceIsOfItsIssuerAndTime) {
  const auto nonce = nonces.issue(now());
  EXPECT_EQ(nonces.open(nonce, now()), now());
  const DpopNonces elsewhere{"https://elsewhere.example.com", purposes, random};
  EXPECT_EQ(elsewhere.open(nonce, now()), std::nullopt);
  EXPECT_EQ(nonces.open(nonce, now() - base::Seconds{11}), std::nullopt) << "not issued yet";
  EXPECT_EQ(nonces.open("", now()), std::nullopt);
  EXPECT_EQ(nonce.find_first_of("\"\\ "), std::string::npos) << "NQCHAR only";
}

TEST_F(DpopTest, AProofIsAcceptedOnceWhateverElseItSays) {
  UsedProofs used;
  const auto use = [&](const Draft& draft) {
    const auto verified = verify(draft).value();
    return used.remember(verified.use, verified.good_until, now());
  };
  EXPECT_EQ(use(draft()), UsedProofs::Verdict::fresh);
  EXPECT_EQ(use(draft()), UsedProofs::Verdict::used);
  clock.advance(base::Seconds{30});
  EXPECT_EQ(use(draft()), UsedProofs::Verdict::used) << "another iat, the same jti";
  Draft other = draft();
  other.jti = "j-2";
  EXPECT_EQ(use(other), UsedProofs::Verdict::fresh);
}

TEST_F(DpopTest, UsesAreRememberedAsLongAsTheyCouldBeRepeatedAndNoLonger) {
  UsedProofs used{16};  // one a shard
  const auto first = base::sha256("1");
  EXPECT_EQ(used.remember(first, now() + base::Seconds{60}, now()), UsedProofs::Verdict::fresh);
  clock.advance(base::Milliseconds{59'999});
  EXPECT_EQ(used.remember(first, now(), now()), UsedProofs::Verdict::used);
  int fresh = 0;
  int full = 0;
  for (int i = 0; i < 400; ++i) {
    const auto verdict =
        used.remember(base::sha256("x" + std::to_string(i)), now() + base::Seconds{60}, now());
    fresh += verdict == UsedProofs::Verdict::fresh;
    full += verdict == UsedProofs::Verdict::full;
  }
  EXPECT_EQ(fresh, 15) << "nothing that is still good is forgotten for something new";
  EXPECT_EQ(full, 385);
  clock.advance(base::Milliseconds{1});
  EXPECT_EQ(used.remember(first, now() + base::Seconds{60}, now()), UsedProofs::Verdict::fresh);
}

}  // namespace
}  // namespace vestibule::oauth
