#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "async/commit.h"
#include "events/audit.h"
#include "http/origin.h"
#include "oauth/discovery.h"
#include "oauth/end_session.h"
#include "oauth/logout.h"
#include "provider/logout_request.h"
#include "provider/oauth_http.h"
#include "provider/routes.h"
#include "sessions/logout_notices.h"

namespace vestibule::provider {
namespace {

using boost::asio::awaitable;

/// How long a browser waits for its clients to be told over the back channel.
constexpr base::Milliseconds notice_limit{2'000};

http::Response finish(ProviderContext& context, SignedOut done) {
  auto response = done.frames.empty() && !done.location.empty()
                      ? http::Response::redirect(std::move(done.location))
                      : context.sign_in.signed_out(done);
  context.sign_in.clear_cookie(response);
  return response;
}

/// Until every client has been told once, or has failed to listen once: what is on its way already
/// should be there before the browser comes back to a client. The dispatcher may be another
/// process's, so the store is looked at.
awaitable<void> await_notices(ProviderContext& context, base::SessionId session) {
  constexpr base::Milliseconds step{20};
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  for (base::Milliseconds waited{0}; waited < notice_limit; waited += step) {
    const bool waits = context.store.read(
        [&](store::Transaction& tx) { return sessions::has_untried_notice(tx, session); });
    if (!waits) co_return;
    timer.expires_after(step);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
}

awaitable<http::Response> end(ProviderContext& context, const http::Request& request,
                              BrowserSession session, std::string location) {
  const auto now = context.clock.now();
  const auto address = request.client_address.to_string();
  auto unit = [&](store::Transaction& tx) {
    auto frames = oauth::frontchannel_logout_urls(tx, context.issuer.issuer(), session.id);
    context.sessions.end(tx, session.id, now);
    events::record(tx, {.type = "user.signed_out", .user = session.user, .address = address}, now);
    return frames;
  };
  auto frames = co_await async::commit(context.store, std::move(unit));
  co_await await_notices(context, session.id);
  SignedOut done{std::move(frames), std::move(location)};
  co_return finish(context, std::move(done));
}

http::Response refuse(ProviderContext& context, const oauth::Error& error) {
  auto page = context.sign_in.error_page(error);
  page.headers.set("Cache-Control", "no-store");
  return page;
}

/// Only the session that the hint names, or one of the very user that it names, ends unasked.
bool hint_matches(const LogoutRequest& request, const BrowserSession& session) {
  if (request.session) return *request.session == session.id;
  return request.user && *request.user == session.user;
}

http::Response ask(ProviderContext& context, const BrowserSession& session,
                   const LogoutRequest& request, base::Time now) {
  const auto token = seal_confirmation(context, session.id, request.location, now);
  auto page = context.sign_in.confirm_logout({{"confirm", token}});
  page.headers.set("Cache-Control", "no-store");
  return page;
}

/// The person has pressed the button of our own page.
awaitable<http::Response> confirmed(ProviderContext& context, const http::Request& request,
                                    BrowserSession session, std::string confirmation) {
  const oauth::Error foreign{"invalid_request", "This form was sent from another site.", 403};
  const oauth::Error expired{"invalid_request", "This form has expired."};
  if (request.method != "POST" ||
      http::check_csrf(request.headers, context.issuer.issuer()) == http::CsrfVerdict::refused) {
    co_return refuse(context, foreign);
  }
  auto location = open_confirmation(context, session.id, confirmation, context.clock.now());
  if (!location) co_return refuse(context, expired);
  co_return co_await end(context, request, session, std::move(*location));
}

/// A checked request, or one that was checked when it came by POST and comes back by GET.
oauth::Result<LogoutRequest> read_request(ProviderContext& context,
                                          const oauth::Parameters& parameters, base::Time now) {
  if (const auto sealed = parameters.find("resume")) {
    auto opened = open_logout_request(context, *sealed, now);
    if (!opened) return oauth::fail("invalid_request", "This sign-out has expired.");
    return *std::move(opened);
  }
  auto look = [&](store::Transaction& tx) {
    return oauth::validate_end_session(tx, context.issuer, parameters, now);
  };
  const auto validated = context.store.read(look);
  if (!validated) return std::unexpected(validated.error());
  return LogoutRequest{validated->hinted_session, validated->hinted_user, validated->location()};
}

/// OpenID Connect RP-Initiated Logout sections 2 and 3.
awaitable<http::Response> answer(ProviderContext& context, http::Request& request) {
  const auto parameters = read_parameters(request);
  if (!parameters) co_return refuse(context, parameters.error());
  const auto now = context.clock.now();
  const auto session = context.sign_in.current(request);
  if (auto confirmation = parameters->find("confirm"); confirmation && session) {
    co_return co_await confirmed(context, request, *session, *std::move(confirmation));
  }

  const auto wanted = read_request(context, *parameters, now);
  if (!wanted) co_return refuse(context, wanted.error());
  if (session && hint_matches(*wanted, *session)) {
    co_return co_await end(context, request, *session, wanted->location);
  }
  if (session) co_return ask(context, *session, *wanted, now);
  // A form that another site posts comes without our cookie (SameSite=Lax), a redirect with it.
  if (request.method == "POST") {
    auto resumed = http::Response::redirect(std::string(oauth::paths::end_session) + "?resume=" +
                                            seal_logout_request(context, *wanted, now));
    resumed.headers.set("Cache-Control", "no-store");
    co_return resumed;
  }
  SignedOut done{{}, wanted->location};
  co_return finish(context, std::move(done));
}

}  // namespace

void add_end_session_endpoint(http::Router& router, ProviderContext& context) {
  for (const char* method : {"GET", "POST"}) {
    router.add(
        method, oauth::paths::end_session,
        [&context](http::Request& request) { return answer(context, request); },
        protocol_options("end_session"));
  }
}

}  // namespace vestibule::provider
