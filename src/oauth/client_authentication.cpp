#include "oauth/client_authentication.h"

#include <utility>

#include "base/crypto.h"
#include "base/encoding.h"
#include "base/text.h"

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
  // RFC 6749 5.2: a client that used the Authorization field is answered 401.
  const int status = how == AuthMethod::client_secret_basic ? 401 : 400;
  return fail("invalid_client", std::string(description), status);
}

/// Whether both registrations take the same credentials.
bool same_credentials(const Client& a, const Client& b) {
  return a.auth_method == b.auth_method && a.secret_hash == b.secret_hash;
}

}  // namespace

Result<ParsedCredentials> parse_credentials(std::optional<std::string_view> authorization,
                                            const Parameters& form) {
  const auto id = form.find("client_id");
  auto secret = form.find("client_secret");
  if (form.find("client_assertion") || form.find("client_assertion_type")) {
    return fail("invalid_client", "client_assertion is not supported");
  }
  if (authorization && is_basic(*authorization)) {
    // RFC 6749 2.3: the client must not use more than one authentication method in each request.
    if (secret) return fail("invalid_request", "more than one client authentication method");
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

Result<VerifiedClient> verify_client(store::Transaction& tx, const ParsedCredentials& credentials) {
  const auto id = base::parse_id<base::ClientId>(credentials.client_id);
  auto client = id ? find_client(tx, *id) : std::nullopt;
  if (!client) return refuse(credentials.method, unknown_client);
  if (client->is_public()) {
    if (credentials.method != AuthMethod::none) {
      return refuse(credentials.method, "this client has no secret");
    }
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
  return AuthenticatedClient(std::move(*client), verified.how());
}

}  // namespace vestibule::oauth
