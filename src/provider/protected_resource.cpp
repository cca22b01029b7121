#include "provider/protected_resource.h"

#include <utility>

#include "base/text.h"
#include "oauth/dpop.h"
#include "provider/oauth_http.h"

namespace vestibule::provider {
namespace {

oauth::Result<PresentedToken> parse_authorization(std::string_view field) {
  const auto space = field.find(' ');
  const auto scheme = base::to_lower_ascii(field.substr(0, space));
  if ((scheme != "bearer" && scheme != "dpop") || space == std::string_view::npos) {
    return oauth::fail("invalid_request", "the Authorization field is malformed");
  }
  return PresentedToken{std::string(base::trim(field.substr(space + 1))),
                        scheme == "dpop" ? TokenScheme::dpop : TokenScheme::bearer};
}

/// The reason in the words of RFC 6750 3.1 and RFC 9449 7.1; the body has ZITADEL's. Empty if the
/// request had no token: then it gets no reason.
std::string_view reason_of(const oauth::Error& error) {
  if (error.code == "access_denied") return "invalid_token";
  if (error.code == "invalid_request") return error.status == 400 ? error.code : "";
  if (error.code == "insufficient_scope" || error.code == "invalid_dpop_proof" ||
      error.code == "use_dpop_nonce") {
    return error.code;
  }
  return {};
}

std::string with_reason(std::string challenge, const oauth::Error& error) {
  const auto reason = reason_of(error);
  if (reason.empty()) return challenge;
  challenge.append(", error=\"").append(reason).append("\"");
  if (reason == "insufficient_scope") challenge += ", scope=\"openid\"";
  return challenge;
}

void add_challenges(http::Response& response, const oauth::Error& error, TokenScheme used) {
  std::string bearer = "Bearer realm=\"vestibule\"";
  std::string dpop = "DPoP algs=\"" + oauth::dpop_algorithm_names() + "\"";
  auto& concerned = used == TokenScheme::dpop ? dpop : bearer;
  concerned = with_reason(std::move(concerned), error);
  response.headers.add("WWW-Authenticate", std::move(bearer));
  response.headers.add("WWW-Authenticate", std::move(dpop));
}

}  // namespace

oauth::Result<std::optional<PresentedToken>> read_presented_token(const http::Request& request) {
  std::optional<PresentedToken> token;
  if (request.headers.count("Authorization") > 1) {
    return oauth::fail("invalid_request", "more than one Authorization field");
  }
  if (const auto field = request.header("Authorization")) {
    auto given = parse_authorization(*field);
    if (!given) return std::unexpected(std::move(given.error()));
    token = std::move(*given);
  }
  // RFC 6750 2.2: only in a form, and never in the query (2.3 is not supported).
  if (request.method == "POST" && has_form(request)) {
    const auto form = read_form(request);
    if (!form) return std::unexpected(form.error());
    if (auto given = form->find("access_token")) {
      if (token) return oauth::fail("invalid_request", "more than one access token");
      token = PresentedToken{std::move(*given)};
    }
  }
  if (token && token->text.empty()) token.reset();
  return token;
}

oauth::Result<ShownProof> check_presenter(ProviderContext& context, const http::Request& request,
                                          std::string_view path, const PresentedToken& token) {
  if (token.scheme == TokenScheme::bearer) return ShownProof{};
  auto shown = check_proof(context, request, path, token.text);
  if (shown && !shown->jkt) {
    shown = oauth::fail("invalid_dpop_proof", "the DPoP proof is missing");
  }
  if (!shown && shown.error().status == 400) shown.error().status = 401;
  return shown;
}

http::Response encode_resource_error(ProviderContext& context, const http::RequestHead& request,
                                     const oauth::Error& error, TokenScheme used) {
  auto response = encode_error(request, error);
  response.headers.remove("WWW-Authenticate");
  add_challenges(response, error, used);
  offer_nonce(response, context, error);
  return response;
}

}  // namespace vestibule::provider
