// Nothing that the client did not sign is a request; what it signed is refused or says, of itself,
// what it must.
#include "oauth/request_object.h"

#include "fuzz.h"
#include "jose/signing_key.h"

namespace vestibule::fuzz {
namespace {

constexpr base::Time now{base::Milliseconds{1'795'359'600'000}};
const std::string issuer = "https://issuer.example";

struct Signer {
  jose::SigningKey key{jose::Algorithm::eddsa, jose::PrivateKey::generate(jose::Algorithm::eddsa)};
  jose::KeySet keys{{jose::VerificationKey{key.kid(), key.algorithm(), key.key().public_key()}}};
};

void check(const oauth::Client& client, const Signer& signer, std::string_view object) {
  const auto opened = oauth::open_request_object(client, signer.keys, object, issuer, now);
  if (!opened) {
    require(opened.error().code == "invalid_request_object", "it has one error");
    return;
  }
  const oauth::Parameters inner(opened->fields);
  require(inner.check_not_repeated().has_value(), "no parameter is there twice");
  require(!inner.find("request") && !inner.find("request_uri"), "it stands alone");
  require(inner.find("client_id").value_or(client.client_id()) == client.client_id(),
          "it is its client's");
  const auto combined = oauth::combine_request(
      client, oauth::Parameters({{"state", "outside"}, {"nonce", "outside"}}), *opened);
  require(combined && combined->get("nonce") == inner.get("nonce"),
          "what could not stand alone does not count");
}

}  // namespace

void run(std::string_view input) {
  static const Signer signer;
  oauth::Client client;
  client.id = base::ClientId{7};
  require(!oauth::open_request_object(client, signer.keys, input, issuer, now),
          "a forged object is refused");
  for (const auto profile : {oauth::Profile::standard, oauth::Profile::fapi2_message_signing}) {
    client.profile = profile;
    check(client, signer, jose::sign_compact(signer.key, jose::TokenType::jwt, input));
    const std::string good =
        R"({"iss":"7","aud":"https://issuer.example","client_id":"7","nbf":1795359600,)"
        R"("exp":1795359900,)";
    check(client, signer,
          jose::sign_compact(signer.key, jose::TokenType::jwt, good + std::string(input) + "}"));
  }
}

}  // namespace vestibule::fuzz
