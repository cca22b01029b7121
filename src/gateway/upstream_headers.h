#pragma once

#include <string_view>

#include "base/random.h"
#include "gateway/cookie_names.h"
#include "http/headers.h"
#include "http/request.h"

namespace vestibule::gateway {

/// What the upstream is told beside what the client sent.
struct UpstreamContext {
  const CookieNames& names;
  std::string_view public_origin;
  std::string_view token;  ///< empty: nobody is identified
};

/// The fields that the upstream gets, by our own list: the client's without hop-by-hop ones,
/// without our cookies, and without anything that only we may say (Authorization, X-Forwarded-*,
/// Forwarded, X-Original-*, X-Real-IP, X-Request-Id, traceparent, X-Vestibule-*), under whichever
/// spelling an upstream may read as the same name; then Host, X-Forwarded-*, X-Request-Id,
/// traceparent and, with a token, Authorization from what we know.
http::HeaderList upstream_headers(const http::RequestHead& head, const UpstreamContext& context,
                                  base::Random& random);

/// Takes cookies of our names out of the upstream's answer: only the gateway sets them.
void drop_our_cookies(http::HeaderList& answer, const CookieNames& names);

/// True if a person's browser is loading a page: Sec-Fetch-Mode `navigate` to a document, or for
/// browsers without it, a GET that accepts text/html.
bool is_html_navigation(const http::RequestHead& head);

/// The same for every method: a form that a person sends is one.
bool is_page_load(const http::RequestHead& head);

/// True if a cache may keep the answer and give it to others, so that a ticket on it would be
/// shared or would make it uncacheable.
bool may_be_cached(const http::HeaderList& answer);

}  // namespace vestibule::gateway
