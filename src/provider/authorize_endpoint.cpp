#include <utility>

#include "async/commit.h"
#include "oauth/authorization.h"
#include "oauth/discovery.h"
#include "provider/authorize_request.h"
#include "provider/oauth_http.h"
#include "provider/routes.h"

namespace vestibule::provider {
namespace {

using boost::asio::awaitable;

http::Response leave(std::string location) {
  return http::Response::found(std::move(location))
      .with_header("Cache-Control", "no-store")
      .with_header("Referrer-Policy", "no-referrer");
}

bool wants_page(const http::RequestHead& request) {
  const auto accept = request.header("Accept");
  return accept && accept->find("text/html") != std::string_view::npos;
}

/// An error that may not go to the client: a page for a person, JSON for a program.
http::Response show(ProviderContext& context, const http::RequestHead& request,
                    const oauth::Error& error) {
  if (!wants_page(request)) return encode_error(request, error);
  auto page = context.sign_in.error_page(error);
  page.headers.set("Cache-Control", "no-store");
  return page;
}

http::Response refuse(ProviderContext& context, const http::RequestHead& request,
                      const oauth::AuthorizationError& error) {
  if (const auto* shown = std::get_if<oauth::Error>(&error)) return show(context, request, *shown);
  const auto& redirected = std::get<oauth::RedirectableError>(error);
  return leave(oauth::error_redirect(redirected, context.issuer.issuer()));
}

/// Both ways in end here: a new request, and one that comes back from the sign-in page.
awaitable<http::Response> proceed(ProviderContext& context, http::Request& request,
                                  PendingAuthorization pending) {
  const auto now = context.clock.now();
  auto look = [&](store::Transaction& tx) {
    return oauth::validate_authorization(tx, context.issuer, pending.parameters, now);
  };
  const auto validated = context.store.read(look);
  if (!validated) co_return refuse(context, request, validated.error());

  std::optional<oauth::SignedIn> session;
  if (const auto current = context.sign_in.current(request)) {
    session = oauth::SignedIn{current->id, current->user, current->auth_time, current->amr};
  }
  switch (oauth::decide(*validated, session, pending.started_at, now)) {
    case oauth::NextStep::refuse_login_required: {
      const oauth::RedirectableError error{
          validated->redirect_uri, validated->state, {"login_required", "nobody is signed in"}};
      co_return leave(oauth::error_redirect(error, context.issuer.issuer()));
    }
    case oauth::NextStep::sign_in: {
      const keys::Sealer sealer(context.purposes, context.random);
      const auto token = seal_pending(sealer, context.issuer.issuer(), pending, now);
      auto page = context.sign_in.start(token, validated->login_hint);
      page.headers.set("Cache-Control", "no-store");
      co_return page;
    }
    case oauth::NextStep::issue_code:
      break;
  }
  const auto grants = context.grants();
  auto unit = [&](store::Transaction& tx) {
    return oauth::issue_code(tx, grants, *validated, *session, now);
  };
  const auto code = co_await async::commit(context.store, std::move(unit));
  if (!code) co_return refuse(context, request, code.error());
  co_return leave(oauth::success_redirect(*validated, *code, context.issuer.issuer()));
}

/// OpenID Connect Core 3.1.2.1: GET with a query or POST with a form.
awaitable<http::Response> authorize(ProviderContext& context, http::Request& request) {
  auto parameters = read_parameters(request);
  if (!parameters) co_return show(context, request, parameters.error());
  PendingAuthorization pending{std::move(*parameters), context.clock.now()};
  co_return co_await proceed(context, request, std::move(pending));
}

awaitable<http::Response> continue_authorization(ProviderContext& context, http::Request& request) {
  const auto query = read_parameters(request);
  const auto token = query ? query->find("request") : std::nullopt;
  const keys::Sealer sealer(context.purposes, context.random);
  auto pending = token ? open_pending(sealer, context.issuer.issuer(), *token, context.clock.now())
                       : std::nullopt;
  if (!pending) {
    const oauth::Error error{"invalid_request",
                             "This sign-in took too long or was changed on its way. Go back to the "
                             "application and start again."};
    co_return show(context, request, error);
  }
  co_return co_await proceed(context, request, std::move(*pending));
}

}  // namespace

void add_authorize_endpoint(http::Router& router, ProviderContext& context) {
  for (const char* method : {"GET", "POST"}) {
    router.add(
        method, oauth::paths::authorize,
        [&context](http::Request& request) { return authorize(context, request); },
        protocol_options("authorize"));
  }
  router.add(
      "GET", oauth::paths::authorize_continue,
      [&context](http::Request& request) { return continue_authorization(context, request); },
      protocol_options("authorize_continue"));
}

}  // namespace vestibule::provider
