#include "provider/authorize_flow.h"

#include <utility>

#include "async/commit.h"
#include "events/audit.h"
#include "oauth/consents.h"
#include "oauth/discovery.h"
#include "oauth/pushed_request.h"
#include "provider/authorization_answer.h"
#include "provider/consent.h"

namespace vestibule::provider {
namespace {

using boost::asio::awaitable;

/// Seals the request for its way through a page.
std::string seal(ProviderContext& context, const PendingAuthorization& pending) {
  const keys::Sealer sealer(context.purposes, context.random);
  return seal_pending(sealer, context.issuer.issuer(), pending, context.clock.now());
}

http::Response uncached(http::Response page) {
  page.headers.set("Cache-Control", "no-store");
  return page;
}

http::Response ask_consent(ProviderContext& context, const PendingAuthorization& pending,
                           const oauth::Authorization& authorization,
                           const oauth::SignedIn& session) {
  const keys::Sealer sealer(context.purposes, context.random);
  const ConsentQuestion question{
      .client = authorization.client,
      .user = session.user,
      .words = oauth::words_to_allow(authorization),
      .action = oauth::paths::authorize_continue,
      .token = seal_consent(sealer, context.issuer.issuer(), session.session,
                            seal(context, pending), context.clock.now())};
  return uncached(context.sign_in.ask_consent(question));
}

/// The code, once a pushed request is used up and a consent is on record.
oauth::AuthorizationResult<std::string> answer(store::Transaction& tx,
                                               const oauth::GrantContext& grants,
                                               const PendingAuthorization& pending,
                                               const oauth::Authorization& request,
                                               const oauth::SignedIn& session, Consented consented,
                                               base::Time now) {
  if (!pending.request_uri.empty()) {
    auto consumed = oauth::consume_pushed_request(tx, pending.request_uri);
    if (!consumed) return std::unexpected(oauth::AuthorizationError(std::move(consumed.error())));
  }
  if (consented == Consented::yes) {
    oauth::record_consent(tx, request, session.user, now);
    events::record(tx,
                   {.type = "consent.given",
                    .user = session.user,
                    .client = request.client.id,
                    .address = grants.client_address},
                   now);
  }
  return oauth::issue_code(tx, grants, request, session, now);
}

}  // namespace

awaitable<http::Response> refuse_request(ProviderContext& context, const http::RequestHead& request,
                                         const oauth::Authorization& authorization,
                                         oauth::Error error) {
  oauth::DeliverableError delivered{authorization.target, std::move(error)};
  co_return co_await refuse(context, request, std::move(delivered));
}

awaitable<http::Response> proceed(ProviderContext& context, http::Request& request,
                                  PendingAuthorization pending, Consented consented) {
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
      oauth::Error error{"login_required", "nobody is signed in"};
      co_return co_await refuse_request(context, request, *validated, std::move(error));
    }
    case oauth::NextStep::sign_in:
      co_return uncached(context.sign_in.start(seal(context, pending), validated->login_hint));
    case oauth::NextStep::issue_code:
      break;
  }
  if (consented == Consented::no) {
    const auto step = context.store.read([&](store::Transaction& tx) {
      return oauth::decide_consent(tx, *validated, session->user);
    });
    if (step == oauth::ConsentStep::ask) {
      co_return ask_consent(context, pending, *validated, *session);
    }
    if (step == oauth::ConsentStep::refuse) {
      oauth::Error error{"consent_required", "this has not been allowed before"};
      co_return co_await refuse_request(context, request, *validated, std::move(error));
    }
  }
  auto grants = context.grants();
  grants.client_address = request.client_address.to_string();
  auto unit = [&](store::Transaction& tx) {
    return answer(tx, grants, pending, *validated, *session, consented, now);
  };
  const auto code = co_await async::commit(context.store, std::move(unit));
  if (!code) co_return co_await refuse(context, request, code.error());
  auto response = oauth::success_response(validated->target, *code, context.issuer.issuer());
  co_return co_await deliver(context, std::move(response));
}

oauth::Result<PendingAuthorization> reopen(ProviderContext& context,
                                           const std::optional<std::string>& token) {
  const auto now = context.clock.now();
  const keys::Sealer sealer(context.purposes, context.random);
  auto pending = token ? open_pending(sealer, context.issuer.issuer(), *token, now) : std::nullopt;
  if (!pending) {
    return oauth::fail("invalid_request",
                       "This sign-in took too long or was changed on its way. Go back to the "
                       "application and start again.");
  }
  if (!pending->request_uri.empty()) {
    auto resume = [&](store::Transaction& tx) {
      return oauth::resume_pushed_request(tx, pending->request_uri, now);
    };
    auto pushed = context.store.read(resume);
    if (!pushed) return std::unexpected(std::move(pushed.error()));
    pending->request = std::move(*pushed);
  }
  return std::move(*pending);
}

}  // namespace vestibule::provider
