// Nothing that we did not sign verifies; what we signed reads as its claims or is refused.
#include "jose/jwt.h"

#include <fmt/core.h>

#include "fuzz.h"
#include "jose/signing_key.h"

namespace vestibule::fuzz {
namespace {

struct Issuer {
  jose::SigningKey key{jose::Algorithm::eddsa, jose::PrivateKey::generate(jose::Algorithm::eddsa)};
  jose::KeySet keys{{jose::VerificationKey{key.kid(), key.algorithm(), key.key().public_key()}}};
  jose::Policy policy{
      "https://issuer.example", "shop", {jose::Algorithm::eddsa}, {"at+jwt", "JWT", ""}};
};

constexpr base::Time now{base::Milliseconds{1'795'359'600'000}};

void check_claims(const std::expected<jose::Claims, jose::Rejection>& claims) {
  if (!claims) {
    require(!jose::to_string(claims.error()).empty(), "a rejection has a name");
    return;
  }
  require(claims->issuer == "https://issuer.example" && claims->has_audience("shop") &&
              !claims->subject.empty() && claims->expires_at > now - base::Seconds{5},
          "accepted claims satisfy the policy");
}

}  // namespace

void run(std::string_view input) {
  static const Issuer issuer;
  require(!jose::verify(input, issuer.keys, issuer.policy, now), "a forged token is refused");
  static_cast<void>(jose::parse_claims(input));

  // The input as the payload, and as claims after valid ones.
  check_claims(jose::verify(jose::sign_compact(issuer.key, jose::TokenType::access_token, input),
                            issuer.keys, issuer.policy, now));
  const auto payload = fmt::format(
      R"({{"iss":"https://issuer.example","sub":"1","aud":"shop","exp":1795360000,{}}})", input);
  const auto token = jose::sign_compact(issuer.key, jose::TokenType::access_token, payload);
  check_claims(jose::verify(token, issuer.keys, issuer.policy, now));

  // The input as the protected header of a good signature.
  if (input.size() < 1024) {
    const auto dotless = jose::sign_compact(issuer.key, input, "{}");
    check_claims(jose::verify(dotless, issuer.keys, issuer.policy, now));
  }

  // The input written over a good token from a place that it names itself.
  auto edited = jose::sign_compact(
      issuer.key, jose::TokenType::access_token,
      R"({"iss":"https://issuer.example","sub":"1","aud":"shop","exp":1795360000})");
  require(jose::verify(edited, issuer.keys, issuer.policy, now).has_value(),
          "a good token is good");
  if (input.size() < 2) return;
  const auto original = edited;
  edited.replace(static_cast<unsigned char>(input[0]) % edited.size(), input.size() - 1,
                 input.substr(1));
  require(edited == original || !jose::verify(edited, issuer.keys, issuer.policy, now),
          "an edited token is refused");
}

}  // namespace vestibule::fuzz
