#include "provider/proof.h"

#include <stdexcept>
#include <utility>

#include "oauth/dpop.h"
#include "oauth/uri.h"
#include "provider/oauth_http.h"

namespace vestibule::provider {
namespace {

constexpr const char* proof_field = "DPoP";
constexpr const char* nonce_field = "DPoP-Nonce";

std::unexpected<oauth::Error> refuse(const oauth::ProofRefusal& refusal) {
  if (refusal.wants_nonce()) {
    return oauth::fail("use_dpop_nonce", "the DPoP proof needs a nonce of this server", 400,
                       std::string(refusal.detail));
  }
  return oauth::fail("invalid_dpop_proof", "the DPoP proof is invalid", 400,
                     std::string(refusal.detail));
}

/// The public URI of a request: below the origin for client certificates (RFC 8705 section 5) if it
/// was sent there, else below the issuer.
std::string target_of(const ProviderContext& context, const http::Request& request,
                      std::string_view path) {
  const std::string tail(path);
  const auto usual = oauth::normalized_target(context.issuer.issuer() + tail);
  if (!usual) throw std::logic_error("the public URL is not http or https");
  const auto& origin = context.options.capabilities.mtls_origin;
  if (origin.empty()) return *usual;
  const auto alias = oauth::normalized_target(origin + tail);
  const bool sent_there =
      alias && alias == oauth::normalized_target("https://" + request.host + tail);
  return sent_there ? *alias : *usual;
}

/// Not every answer has a new nonce, so that a client with several requests on the way need not
/// sort them.
std::string next_nonce(const oauth::DpopNonces& nonces,
                       const std::optional<base::Time>& nonce_issued_at, base::Time now) {
  if (nonce_issued_at && *nonce_issued_at + oauth::nonce_lifetime / 2 > now) return {};
  return nonces.issue(now);
}

}  // namespace

oauth::Result<ShownProof> check_proof(ProviderContext& context, const http::Request& request,
                                      std::string_view path,
                                      std::optional<std::string_view> access_token) {
  const auto fields = request.headers.find_all(proof_field);
  if (fields.empty()) return ShownProof{};
  // RFC 9449 4.3, 1: not more than one DPoP HTTP request header field.
  if (fields.size() > 1) return oauth::fail("invalid_dpop_proof", "more than one DPoP field");
  const auto& issuer = context.issuer.issuer();
  const auto target = target_of(context, request, path);
  const oauth::DpopNonces nonces{issuer, context.purposes, context.random};
  const auto now = context.clock.now();
  auto proof = oauth::verify_proof(fields.front(),
                                   {.method = request.method,
                                    .target = target,
                                    .access_token = access_token,
                                    .nonce = context.options.dpop_nonces},
                                   nonces, now);
  if (!proof) return refuse(proof.error());
  switch (context.used_proofs.remember(proof->use, proof->good_until, now)) {
    case oauth::UsedProofs::Verdict::fresh:
      break;
    case oauth::UsedProofs::Verdict::used:
      return oauth::fail("invalid_dpop_proof", "the DPoP proof is invalid", 400, "used before");
    case oauth::UsedProofs::Verdict::full:
      return oauth::fail("temporarily_unavailable", "too many DPoP proofs", 503);
  }
  return ShownProof{std::move(proof->jkt), next_nonce(nonces, proof->nonce_issued_at, now)};
}

void offer_nonce(http::Response& response, const ShownProof& shown) {
  if (!shown.next_nonce.empty()) response.headers.set(nonce_field, shown.next_nonce);
}

http::Response encode_proof_error(ProviderContext& context, const http::RequestHead& request,
                                  const oauth::Error& error) {
  auto response = encode_error(request, error);
  offer_nonce(response, context, error);
  return response;
}

void offer_nonce(http::Response& response, ProviderContext& context, const oauth::Error& error) {
  if (error.code != "use_dpop_nonce") return;
  const oauth::DpopNonces nonces{context.issuer.issuer(), context.purposes, context.random};
  response.headers.set(nonce_field, nonces.issue(context.clock.now()));
}

}  // namespace vestibule::provider
