#pragma once

#include "gateway/context.h"
#include "http/router.h"

namespace vestibule::gateway {

/// A browser's own session: GET, POST and DELETE `session`, POST `logout`, GET `timeline`, POST
/// `upgrade` (design.md section 7). The context outlives the router.
void add_session_routes(http::Router& router, Context& context);

/// Sign-in at the provider: POST and GET `login`, GET `callback`, GET and POST `choice`.
void add_sign_in_routes(http::Router& router, Context& context);

/// The link of a mail that proves an address, in the browser that claimed it: GET and POST `proof`
/// (decision 0004). Opening the link changes nothing.
void add_proof_routes(http::Router& router, Context& context);

/// For applications' backends: POST `provision`, GET `merges`, POST `merges/{id}/ack`, GET
/// `aliases/{sub}`. Callers present a service account's token; no Origin or address is looked at.
void add_service_routes(http::Router& router, Context& context);

/// Whether forward-auth has to be shown that its caller is a trusted proxy, or the listener is for
/// such proxies only.
enum class ProxyTrust { by_proof, by_listener };

/// ANY `forward-auth`: applies rules and cookies to a request that a reverse proxy describes.
void add_forward_auth_route(http::Router& router, Context& context, ProxyTrust trust);

}  // namespace vestibule::gateway
