#include "oauth/tokens.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <stdexcept>
#include <utility>

#include "base/text.h"
#include "jose/claims_writer.h"
#include "keys/sealer.h"
#include "oauth/token_binding.h"

namespace vestibule::oauth {
namespace {

constexpr std::string_view opaque_purpose = "access-token";
/// No access token lives longer; keys of older days need not be looked for.
constexpr base::Milliseconds longest_opaque = std::chrono::days(30);
constexpr std::string_view grant_claim = "grant_id";

const std::vector<jose::Algorithm>& all_algorithms() {
  static const std::vector<jose::Algorithm> algorithms = {
      jose::Algorithm::es256, jose::Algorithm::rs256, jose::Algorithm::ps256,
      jose::Algorithm::eddsa};
  return algorithms;
}

void write_actor(jose::ClaimsWriter& writer, const std::string& issuer, const Actor* actor) {
  if (!actor) return;
  writer.begin_object("act").text("iss", issuer).text("sub", actor->subject);
  write_actor(writer, issuer, actor->prior.get());
  writer.end_object();
}

/// Puts `members` (`,"name":value…`) at the end of an object that is not empty.
std::string with_members(std::string object, std::string_view members) {
  if (members.empty()) return object;
  object.pop_back();
  object += members;
  object += '}';
  return object;
}

std::shared_ptr<const Actor> to_actor(const std::vector<jose::Actor>& actors) {
  std::shared_ptr<const Actor> chain;
  for (auto it = actors.rbegin(); it != actors.rend(); ++it) {
    chain = std::make_shared<const Actor>(Actor{it->subject, chain});
  }
  return chain;
}

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) {
    if (!out.empty()) out += ' ';
    out += word;
  }
  return out;
}

/// Sets what jose::Claims has no member for. A payload of ours, so its shape is known; what was
/// signed or sealed by us parses.
void read_own_claims(const std::string& payload, AccessToken& token) {
  // Most tokens have neither, and parsing costs more than looking.
  if (payload.find(grant_claim) == std::string::npos &&
      payload.find("\"cnf\"") == std::string::npos) {
    return;
  }
  const auto value = boost::json::parse(payload);
  const auto& claims = value.as_object();
  if (const auto* grant = claims.if_contains(grant_claim); grant && grant->is_string()) {
    token.grant = base::Uuid::from_token(grant->as_string());
  }
  if (const auto* cnf = claims.if_contains("cnf"); cnf && cnf->is_object()) {
    const auto& members = cnf->get_object();
    if (const auto* jkt = members.if_contains("jkt")) token.confirmation.jkt = jkt->as_string();
    if (const auto* x5t = members.if_contains("x5t#S256")) {
      token.confirmation.x5t_s256 = x5t->as_string();
    }
  }
}

std::optional<AccessToken> from_claims(const jose::Claims& claims) {
  if (!claims.issued_at) return std::nullopt;
  AccessToken token;
  token.subject = claims.subject;
  token.audience = claims.audience;
  token.client_id = claims.client_id;
  token.scope = claims.scope;
  token.issued_at = *claims.issued_at;
  token.expires_at = claims.expires_at;
  token.jti = claims.id;
  if (!claims.session_id.empty()) {
    const auto session = base::Uuid::from_token(claims.session_id);
    if (!session) return std::nullopt;
    token.session = base::SessionId{*session};
  }
  token.auth_time = claims.auth_time;
  token.amr = join(claims.amr);
  token.acr = claims.acr;
  token.actor = to_actor(claims.actors);
  read_own_claims(claims.json, token);
  return token;
}

const jose::SigningKey& signer_of(const keys::Ring& ring, jose::Algorithm algorithm) {
  const auto* signer = ring.signer(algorithm);
  if (!signer) {
    throw std::runtime_error("no signing key for " + std::string(jose::to_string(algorithm)));
  }
  return *signer;
}

}  // namespace

std::string_view acr_of(const std::optional<base::Time>& auth_time) {
  return auth_time ? "1" : "0";
}

TokenIssuer::TokenIssuer(std::string issuer, const keys::KeyRing& ring, keys::PurposeKeys& purposes,
                         base::Random& random)
    : issuer_(std::move(issuer)), ring_(ring), purposes_(purposes), random_(random) {}

std::string TokenIssuer::new_jti(base::Time now) const {
  return base::Uuid::make(now, random_).token();
}

std::string TokenIssuer::access_claims(const AccessToken& token) const {
  jose::ClaimsWriter writer;
  writer.text("iss", issuer_)
      .text("sub", token.subject)
      .strings("aud", token.audience)
      .text("client_id", token.client_id)
      .time("iat", token.issued_at)
      .time("nbf", token.issued_at)
      .time("exp", token.expires_at)
      .text("jti", token.jti)
      .text_if("scope", token.scope);
  if (token.session) writer.text("sid", token.session->token());
  if (token.auth_time) writer.time("auth_time", *token.auth_time);
  writer.text_if("acr", token.acr);
  if (!token.amr.empty()) writer.strings("amr", base::split_words(token.amr));
  if (token.grant) writer.text(grant_claim, token.grant->token());
  write_confirmation(writer, token.confirmation);
  write_actor(writer, issuer_, token.actor.get());
  return with_members(std::move(writer).finish(), token.extra_json);
}

std::string TokenIssuer::sign_access_token(const AccessToken& token,
                                           jose::Algorithm algorithm) const {
  const auto ring = ring_.ring();
  return jose::sign_compact(signer_of(*ring, algorithm), jose::TokenType::access_token,
                            access_claims(token));
}

std::string TokenIssuer::seal_access_token(const AccessToken& token) const {
  return keys::Sealer(purposes_, random_)
      .seal(opaque_purpose, issuer_, access_claims(token), token.issued_at);
}

std::string TokenIssuer::make_access_token(const AccessToken& token, TokenFormat format,
                                           jose::Algorithm algorithm) const {
  return format == TokenFormat::jwt ? sign_access_token(token, algorithm)
                                    : seal_access_token(token);
}

std::optional<AccessToken> TokenIssuer::parse(std::string_view token, base::Time now) const {
  if (token.size() > jose::max_token_size) return std::nullopt;
  std::optional<AccessToken> parsed;
  if (token.find('.') != std::string_view::npos) {
    const auto ring = ring_.ring();
    const jose::Policy policy{.issuer = issuer_,
                              .audience = jose::AnyAudience{},
                              .allowed = all_algorithms(),
                              .types = {"at+jwt"}};
    const auto claims = jose::verify(token, ring->verification_keys(), policy, now);
    if (claims) parsed = from_claims(*claims);
  } else {
    const auto payload =
        keys::Sealer(purposes_, random_).open(opaque_purpose, issuer_, token, now, longest_opaque);
    if (!payload) return std::nullopt;
    const auto claims = jose::parse_claims(*payload);
    if (claims) parsed = from_claims(*claims);
  }
  // We judge our own tokens without the skew that others' clocks are allowed.
  if (parsed && parsed->expires_at <= now) return std::nullopt;
  return parsed;
}

std::string TokenIssuer::sign_id_token(const IdToken& token, jose::Algorithm algorithm) const {
  jose::ClaimsWriter writer;
  writer.text("iss", issuer_)
      .text("sub", token.subject)
      .strings("aud", token.audience)
      .time("exp", token.expires_at)
      .time("iat", token.issued_at)
      .text("azp", token.client_id);
  if (token.auth_time) writer.time("auth_time", *token.auth_time);
  if (token.nonce) writer.text("nonce", *token.nonce);
  writer.text_if("acr", token.acr);
  if (!token.amr.empty()) writer.strings("amr", base::split_words(token.amr));
  if (token.session) writer.text("sid", token.session->token());
  write_actor(writer, issuer_, token.actor.get());
  if (!token.access_token.empty()) {
    writer.text("at_hash", jose::left_half_hash(algorithm, token.access_token));
  }
  const auto ring = ring_.ring();
  return jose::sign_compact(signer_of(*ring, algorithm), jose::TokenType::jwt,
                            with_members(std::move(writer).finish(), token.claims));
}

std::optional<jose::Claims> TokenIssuer::parse_id_token(std::string_view token, jose::Expiry expiry,
                                                        base::Time now) const {
  const auto ring = ring_.ring();
  const jose::Policy policy{.issuer = issuer_,
                            .audience = jose::AnyAudience{},
                            .allowed = all_algorithms(),
                            .types = {"JWT"},
                            .expiry = expiry};
  auto claims = jose::verify(token, ring->verification_keys(), policy, now);
  if (!claims) return std::nullopt;
  if (expiry == jose::Expiry::enforced && claims->expires_at <= now) return std::nullopt;
  return std::move(*claims);
}

}  // namespace vestibule::oauth
