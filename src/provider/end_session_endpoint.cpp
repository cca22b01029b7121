#include <utility>

#include "async/commit.h"
#include "http/origin.h"
#include "keys/sealer.h"
#include "oauth/discovery.h"
#include "oauth/end_session.h"
#include "provider/oauth_http.h"
#include "provider/routes.h"

namespace vestibule::provider {
namespace {

using boost::asio::awaitable;

constexpr std::string_view purpose = "end-session";
constexpr base::Milliseconds answer_time = std::chrono::hours(24);

/// What a confirmation carries: the session that was asked about, and where to go afterwards.
std::string seal_confirmation(ProviderContext& context, const base::SessionId& session,
                              const std::string& location, base::Time now) {
  return keys::Sealer(context.purposes, context.random)
      .seal(purpose, context.issuer.issuer(), session.token() + location, now);
}

/// Where to go afterwards, if the confirmation is about this session.
std::optional<std::string> open_confirmation(ProviderContext& context,
                                             const base::SessionId& session,
                                             const std::string& confirmation, base::Time now) {
  const auto plain = keys::Sealer(context.purposes, context.random)
                         .open(purpose, context.issuer.issuer(), confirmation, now, answer_time);
  if (!plain || !plain->starts_with(session.token())) return std::nullopt;
  return plain->substr(session.token().size());
}

http::Response finish(ProviderContext& context, std::string location) {
  auto response = location.empty() ? context.sign_in.signed_out()
                                   : http::Response::redirect(std::move(location));
  context.sign_in.clear_cookie(response);
  return response;
}

awaitable<http::Response> end(ProviderContext& context, base::SessionId session,
                              std::string location) {
  const auto now = context.clock.now();
  auto unit = [&](store::Transaction& tx) { context.sessions.end(tx, session, now); };
  co_await async::commit(context.store, std::move(unit));
  co_return finish(context, std::move(location));
}

http::Response refuse(ProviderContext& context, const oauth::Error& error) {
  auto page = context.sign_in.error_page(error);
  page.headers.set("Cache-Control", "no-store");
  return page;
}

/// Only the session that the hint names, or one of the very user that it names, ends unasked.
bool hint_matches(const oauth::EndSession& request, const BrowserSession& session) {
  if (request.hinted_session) return *request.hinted_session == session.id;
  return request.hinted_user && *request.hinted_user == session.user;
}

/// OpenID Connect RP-Initiated Logout sections 2 and 3.
awaitable<http::Response> answer(ProviderContext& context, http::Request& request) {
  const auto parameters = read_parameters(request);
  if (!parameters) co_return refuse(context, parameters.error());
  const auto now = context.clock.now();
  const auto session = context.sign_in.current(request);

  if (const auto confirmation = parameters->find("confirm"); confirmation && session) {
    if (request.method != "POST" ||
        http::check_csrf(request.headers, context.issuer.issuer()) == http::CsrfVerdict::refused) {
      const oauth::Error error{"invalid_request", "This form was sent from another site.", 403};
      co_return refuse(context, error);
    }
    auto location = open_confirmation(context, session->id, *confirmation, now);
    if (!location) {
      const oauth::Error error{"invalid_request", "This form has expired."};
      co_return refuse(context, error);
    }
    co_return co_await end(context, session->id, std::move(*location));
  }

  auto look = [&](store::Transaction& tx) {
    return oauth::validate_end_session(tx, context.issuer, *parameters, now);
  };
  const auto validated = context.store.read(look);
  if (!validated) co_return refuse(context, validated.error());
  if (!session) co_return finish(context, validated->location());
  if (hint_matches(*validated, *session)) {
    co_return co_await end(context, session->id, validated->location());
  }
  const auto token = seal_confirmation(context, session->id, validated->location(), now);
  auto page = context.sign_in.confirm_logout({{"confirm", token}});
  page.headers.set("Cache-Control", "no-store");
  co_return page;
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
