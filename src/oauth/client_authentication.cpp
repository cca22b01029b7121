#include "oauth/client_authentication.h"

#include <utility>

#include "base/crypto.h"
#include "base/encoding.h"
#include "base/text.h"
#include "oauth/client_assertion.h"
#include "oauth/client_certificate.h"

namespace vestibule::oauth {
namespace {

/// RFC 7617 section 2 with the form-encoding of RFC 6749 section 2.3.1.
std::optional<ParsedCredentials> parse_basic(std::string_view value) {
  const auto decoded = base::from_base64(base::trim(value));
  if (!decoded) return std::nullopt;
  const auto colon = decoded->find(':');
  if (colon == std::string::npos) return std::nullopt;
  const std::string_view pair = *decoded;
  const auto id = base::percent_decode(pair.substr(0, colon), base::PlusMeaning::space);
  auto secret = base::percent_decode(pair.substr(colon + 1), base::PlusMeaning::space);
  if (!id || !secret || id->empty()) return std::nullopt;
  return ParsedCredentials{AuthMethod::client_secret_basic, *id, base::Secret(std::move(*secret))};
}

bool is_basic(std::string_view authorization) {
  const auto space = authorization.find(' ');
  return space != std::string_view::npos &&
         base::to_lower_ascii(authorization.substr(0, space)) == "basic";
}

constexpr std::string_view unknown_client = "no active client not found";  // ZITADEL's words

std::unexpected<Error> refuse(AuthMethod how, std::string_view description) {
  // RFC 6749 5.2: a client that used the Authorization field is answered 401. So are methods for
  // which no client of ZITADEL's expects 400.
  const bool as_zitadel = how == AuthMethod::none || how == AuthMethod::client_secret_post;
  const int status = as_zitadel ? 400 : 401;
  return fail("invalid_client", std::string(description), status);
}

bool same_subject(const std::optional<CertificateSubject>& a,
                  const std::optional<CertificateSubject>& b) {
  if (!a || !b) return !a && !b;
  return a->kind == b->kind && a->value == b->value;
}

/// Whether both registrations take the same credentials.
bool same_credentials(const Client& a, const Client& b) {
  return a.auth_method == b.auth_method && a.secret_hash == b.secret_hash && a.jwks == b.jwks &&
         a.jwks_uri == b.jwks_uri && a.assertion_algorithm == b.assertion_algorithm &&
         a.profile == b.profile && same_subject(a.certificate_subject, b.certificate_subject);
}

/// RFC 7521 section 4.2. The client is the one that the assertion names.
Result<ParsedCredentials> parse_assertion(const Parameters& form) {
  const auto type = form.find("client_assertion_type");
  auto assertion = form.find("client_assertion");
  if (!type) return fail("invalid_request", "client_assertion_type missing");
  if (!assertion) return fail("invalid_request", "client_assertion missing");
  if (*type != assertion_type_jwt_bearer) return refuse_assertion("unknown type");
  auto claimed = peek_assertion(*assertion);
  if (!claimed) return refuse_assertion("not a JWT with an issuer");
  // RFC 7521 4.2: client_id MUST identify the same client as the assertion.
  if (const auto id = form.find("client_id"); id && *id != claimed->client_id) {
    return refuse_assertion("client_id names another client");
  }
  return ParsedCredentials{AuthMethod::private_key_jwt, std::move(claimed->client_id),
                           base::Secret(std::move(*assertion)), std::move(claimed->key_id)};
}

}  // namespace

Result<ParsedCredentials> parse_credentials(std::optional<std::string_view> authorization,
                                            const Parameters& form) {
  const auto id = form.find("client_id");
  auto secret = form.find("client_secret");
  const bool asserts = form.find("client_assertion") || form.find("client_assertion_type");
  const bool basic_field = authorization && is_basic(*authorization);
  // RFC 6749 2.3: the client must not use more than one authentication method in each request.
  if (int{asserts} + int{basic_field} + int{secret.has_value()} > 1) {
    return fail("invalid_request", "more than one client authentication method");
  }
  if (asserts) return parse_assertion(form);
  if (basic_field) {
    auto basic = parse_basic(authorization->substr(authorization->find(' ') + 1));
    if (!basic) return fail("invalid_request", "the Authorization field is malformed");
    if (id && *id != basic->client_id) {
      return fail("invalid_request", "client_id differs from the Authorization field");
    }
    return std::move(*basic);
  }
  if (!id) return fail("invalid_request", "client_id or client_assertion must be provided");
  if (secret) {
    return ParsedCredentials{AuthMethod::client_secret_post, *id, base::Secret(std::move(*secret))};
  }
  return ParsedCredentials{AuthMethod::none, *id, {}};
}

Result<VerifiedClient> verify_client(store::Transaction& tx, const ParsedCredentials& credentials,
                                     const ClientCertificate* certificate) {
  const auto id = base::parse_id<base::ClientId>(credentials.client_id);
  auto client = id ? find_client(tx, *id) : std::nullopt;
  if (!client) return refuse(credentials.method, unknown_client);
  if (client->auth_method == AuthMethod::tls_client_auth) {
    const bool good = credentials.method == AuthMethod::none && certificate &&
                      client->certificate_subject &&
                      certificate->has_subject(*client->certificate_subject);
    if (!good) return refuse(AuthMethod::tls_client_auth, "the client certificate is not accepted");
    return VerifiedClient(std::move(*client), AuthMethod::tls_client_auth);
  }
  // FAPI 2.0 Security Profile 5.3.2.1: clients are authenticated by MTLS or private_key_jwt.
  if (client->is_fapi()) {
    return refuse(credentials.method, "this client does not authenticate with a secret");
  }
  if (client->is_public()) {
    // As at ZITADEL, whose applications send what stands in their environment for a secret even if
    // there is none: it is not looked at, and the client has shown nothing by it.
    return VerifiedClient(std::move(*client), AuthMethod::none);
  }
  if (credentials.method == AuthMethod::none) {
    return refuse(credentials.method, "client authentication is missing");
  }
  if (!client->secret_hash ||
      !base::equal_in_constant_time(base::sha256(credentials.secret.reveal()),
                                    *client->secret_hash)) {
    return refuse(credentials.method, "invalid secret");
  }
  return VerifiedClient(std::move(*client), credentials.method);
}

Result<AuthenticatedClient> confirm_client(store::Transaction& tx, const VerifiedClient& verified) {
  auto client = find_client(tx, verified->id);
  if (!client || !same_credentials(*client, verified.client())) {
    return refuse(verified.how(), unknown_client);
  }
  const auto& assertion = verified.assertion();
  if (assertion && !consume_assertion(tx, client->id, *assertion)) {
    return refuse_assertion("client " + client->client_id() + ": jti was used before");
  }
  return AuthenticatedClient(std::move(*client), verified.how());
}

}  // namespace vestibule::oauth
