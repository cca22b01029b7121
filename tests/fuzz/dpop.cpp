// A proof is accepted only for its request, its time and a signature by its own key; a URI has one
// normal spelling.
#include "oauth/dpop.h"

#include "base/encoding.h"
#include "fuzz.h"
#include "jose/dpop_proof.h"
#include "jose/signing_key.h"
#include "oauth/uri.h"

namespace vestibule::fuzz {
namespace {

constexpr base::Time now{base::Seconds{1'562'262'616}};  // that of RFC 9449's example
constexpr const char* target = "https://server.example.com/token";

struct Checker {
  keys::PurposeKeys purposes{
      keys::MasterKey::parse(base::Secret(std::string(42, 'q') + "A")).value()};
  base::FakeRandom random;
  oauth::DpopNonces nonces{"https://server.example.com", purposes, random};
  jose::SigningKey key{jose::Algorithm::eddsa, jose::PrivateKey::generate(jose::Algorithm::eddsa)};
  std::string header = base::to_base64url(R"({"typ":"dpop+jwt","alg":"EdDSA","jwk":)" +
                                          key.key().public_key().to_jwk() + "}");

  /// Whether the proof is accepted; what is must fit.
  bool accepts(std::string_view proof) {
    const oauth::ProofPolicy policy{.method = "POST", .target = target};
    const auto verified = oauth::verify_proof(proof, policy, nonces, now);
    if (!verified) {
      require(!verified.error().detail.empty(), "a refusal has a name");
      return false;
    }
    const auto read = jose::read_dpop_proof(proof, oauth::dpop_algorithms);
    require(read && read->htm == "POST" && oauth::normalized_target(read->htu) == target,
            "an accepted proof is of this request");
    require(verified->jkt == read->jkt && verified->jkt.size() == 43 && verified->use.size() == 32,
            "an accepted proof names its key");
    require(verified->good_until > now, "an accepted proof is still good");
    return true;
  }
};

void check_uri(std::string_view input) {
  const auto normal = oauth::normalized_target(input);
  if (!normal) return;
  require(oauth::normalized_target(*normal) == normal, "a normal spelling is its own");
  require(normal->find_first_of("?# ") == std::string::npos, "no query and no fragment");
  const auto path = normal->find('/', normal->find("://") + 3);
  require(path != std::string::npos && normal->find('@') >= path, "a path and no user info");
  require(oauth::is_absolute_uri(*normal), "a target is an absolute URI");
}

}  // namespace

void run(std::string_view input) {
  static Checker checker;
  static_cast<void>(checker.accepts(input));
  check_uri(input);
  // The input as the claims, and as the header, of a good signature.
  static_cast<void>(checker.accepts(jose::sign_compact(checker.key, checker.header, input)));
  constexpr std::string_view claims =
      R"({"jti":"j","htm":"POST","htu":"https://server.example.com/token","iat":1562262616})";
  const auto good = jose::sign_compact(checker.key, checker.header, claims);
  require(checker.accepts(good), "a good proof is good");
  static_cast<void>(
      checker.accepts(jose::sign_compact(checker.key, base::to_base64url(input), claims)));
  // The input written over a good proof from a place that it names itself.
  if (input.size() < 2) return;
  auto edited = good;
  edited.replace(static_cast<unsigned char>(input[0]) % edited.size(), input.size() - 1,
                 input.substr(1));
  require(edited == good || !checker.accepts(edited), "an edited proof is refused");
}

}  // namespace vestibule::fuzz
