#include "provider/authorization_answer.h"

#include <utility>

#include "provider/oauth_http.h"

namespace vestibule::provider {
namespace {

using boost::asio::awaitable;

bool wants_page(const http::RequestHead& request) {
  const auto accept = request.header("Accept");
  return accept && accept->find("text/html") != std::string_view::npos;
}

/// A code travels in the URL or the page, so neither is stored or told to the next site.
http::Response guarded(http::Response response) {
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("Referrer-Policy", "no-referrer");
  return response;
}

}  // namespace

awaitable<http::Response> deliver(ProviderContext& context, oauth::AuthorizationResponse response) {
  if (response.target.mode.packing == oauth::Packing::jwt) {
    const auto now = context.clock.now();
    const auto ring = context.keys.ring();
    auto work = [&] { return oauth::pack_response(*ring, response, now); };
    response = co_await async::run(context.cpu, std::move(work));
  }
  if (response.target.mode.carrier == oauth::Carrier::form_post) {
    co_return guarded(context.sign_in.form_post(response.target.redirect_uri, response.fields));
  }
  co_return guarded(http::Response::redirect(oauth::response_location(response)));
}

http::Response show(ProviderContext& context, const http::RequestHead& request,
                    const oauth::Error& error) {
  if (!wants_page(request)) return encode_error(request, error);
  auto page = context.sign_in.error_page(error);
  page.headers.set("Cache-Control", "no-store");
  return page;
}

awaitable<http::Response> refuse(ProviderContext& context, const http::RequestHead& request,
                                 oauth::AuthorizationError error) {
  if (const auto* shown = std::get_if<oauth::Error>(&error)) {
    co_return show(context, request, *shown);
  }
  const auto& redirectable = std::get<oauth::DeliverableError>(error);
  auto response = oauth::error_response(redirectable, context.issuer.issuer());
  co_return co_await deliver(context, std::move(response));
}

}  // namespace vestibule::provider
