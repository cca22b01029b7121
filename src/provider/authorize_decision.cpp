#include <utility>

#include "async/commit.h"
#include "http/origin.h"
#include "oauth/discovery.h"
#include "oauth/pushed_request.h"
#include "provider/authorization_answer.h"
#include "provider/authorize_flow.h"
#include "provider/consent.h"
#include "provider/oauth_http.h"
#include "provider/routes.h"

namespace vestibule::provider {
namespace {

using boost::asio::awaitable;

/// OpenID Connect Core 3.1.2.6: the person does not want to go on.
awaitable<http::Response> deny(ProviderContext& context, const http::RequestHead& request,
                               const PendingAuthorization& pending) {
  const auto now = context.clock.now();
  auto unit = [&](store::Transaction& tx) -> oauth::AuthorizationResult<oauth::Authorization> {
    if (!pending.request_uri.empty()) {
      auto consumed = oauth::consume_pushed_request(tx, pending.request_uri);
      if (!consumed) return std::unexpected(oauth::AuthorizationError(std::move(consumed.error())));
    }
    return oauth::validate_authorization(tx, context.issuer, pending.request, now);
  };
  const auto validated = co_await async::commit(context.store, std::move(unit));
  if (!validated) co_return co_await refuse(context, request, validated.error());
  oauth::Error error{"access_denied", "the person said no"};
  co_return co_await refuse_request(context, request, *validated, std::move(error));
}

/// The token of the request that a consent page was about, if this session was shown it.
std::optional<std::string> asked_about(ProviderContext& context, const http::RequestHead& request,
                                       std::string_view consent) {
  const auto session = context.sign_in.current(request);
  if (!session) return std::nullopt;
  const keys::Sealer sealer(context.purposes, context.random);
  return open_consent(sealer, context.issuer.issuer(), session->id, consent, context.clock.now());
}

/// A button: of the consent page, or the sign-in page's that cancels. Only the first can allow, and
/// no GET comes here.
awaitable<http::Response> decide(ProviderContext& context, http::Request& request) {
  if (http::check_csrf(request.headers, context.issuer.issuer()) == http::CsrfVerdict::refused) {
    const oauth::Error error{"invalid_request", "This form was sent from another site.", 403};
    co_return show(context, request, error);
  }
  const auto form = read_form(request);
  if (!form) co_return show(context, request, form.error());
  const auto decision = form->get("decision");
  const auto consent = form->find("consent");
  const auto token = consent ? asked_about(context, request, *consent) : form->find("request");
  auto pending = reopen(context, token);
  if (!pending) co_return show(context, request, pending.error());
  if (decision == "deny") co_return co_await deny(context, request, *pending);
  if (decision != "allow" || !consent) {
    const oauth::Error error{"invalid_request", "This form is malformed."};
    co_return show(context, request, error);
  }
  co_return co_await proceed(context, request, std::move(*pending), Consented::yes);
}

}  // namespace

void add_authorize_decision(http::Router& router, ProviderContext& context) {
  router.add(
      "POST", oauth::paths::authorize_continue,
      [&context](http::Request& request) { return decide(context, request); },
      protocol_options("authorize_decision"));
}

}  // namespace vestibule::provider
