#include <utility>

#include "async/commit.h"
#include "oauth/authorization.h"
#include "oauth/discovery.h"
#include "oauth/pushed_request.h"
#include "provider/authorization_answer.h"
#include "provider/authorize_request.h"
#include "provider/oauth_http.h"
#include "provider/receive.h"
#include "provider/routes.h"

namespace vestibule::provider {
namespace {

using boost::asio::awaitable;

/// The code, once a pushed request is used up.
oauth::AuthorizationResult<std::string> answer(store::Transaction& tx,
                                               const oauth::GrantContext& grants,
                                               const PendingAuthorization& pending,
                                               const oauth::Authorization& request,
                                               const oauth::SignedIn& session, base::Time now) {
  if (!pending.request_uri.empty()) {
    auto consumed = oauth::consume_pushed_request(tx, pending.request_uri);
    if (!consumed) return std::unexpected(oauth::AuthorizationError(std::move(consumed.error())));
  }
  return oauth::issue_code(tx, grants, request, session, now);
}

/// Both ways in end here: a new request, and one that comes back from the sign-in page.
awaitable<http::Response> proceed(ProviderContext& context, http::Request& request,
                                  PendingAuthorization pending) {
  const auto now = context.clock.now();
  auto look = [&](store::Transaction& tx) {
    return oauth::validate_authorization(tx, context.issuer, pending.request, now);
  };
  const auto validated = context.store.read(look);
  if (!validated) co_return co_await refuse(context, request, validated.error());

  std::optional<oauth::SignedIn> session;
  if (const auto current = context.sign_in.current(request)) {
    session = oauth::SignedIn{current->id, current->user, current->auth_time, current->amr};
  }
  switch (oauth::decide(*validated, session, pending.started_at, now)) {
    case oauth::NextStep::refuse_login_required: {
      oauth::DeliverableError error{validated->target, {"login_required", "nobody is signed in"}};
      co_return co_await refuse(context, request, std::move(error));
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
    return answer(tx, grants, pending, *validated, *session, now);
  };
  const auto code = co_await async::commit(context.store, std::move(unit));
  if (!code) co_return co_await refuse(context, request, code.error());
  auto response = oauth::success_response(validated->target, *code, context.issuer.issuer());
  co_return co_await deliver(context, std::move(response));
}

/// OpenID Connect Core 3.1.2.1: GET with a query or POST with a form.
awaitable<http::Response> authorize(ProviderContext& context, http::Request& request) {
  auto parameters = read_parameters(request);
  if (!parameters) co_return show(context, request, parameters.error());
  auto pending = co_await receive(context, std::move(*parameters));
  if (!pending) co_return co_await refuse(context, request, std::move(pending.error()));
  co_return co_await proceed(context, request, std::move(*pending));
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
  if (!pending->request_uri.empty()) {
    auto resume = [&](store::Transaction& tx) {
      return oauth::resume_pushed_request(tx, pending->request_uri, context.clock.now());
    };
    auto pushed = context.store.read(resume);
    if (!pushed) co_return show(context, request, pushed.error());
    pending->request = std::move(*pushed);
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
