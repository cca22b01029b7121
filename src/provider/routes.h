#pragma once

#include <functional>
#include <string>

#include "http/router.h"
#include "provider/context.h"

// What each file of endpoints adds; for context.cpp only.
namespace vestibule::provider {

void add_token_endpoint(http::Router& router, ProviderContext& context);
void add_device_endpoint(http::Router& router, ProviderContext& context);
void add_introspection_endpoint(http::Router& router, ProviderContext& context);
void add_revocation_endpoint(http::Router& router, ProviderContext& context);
void add_userinfo_endpoint(http::Router& router, ProviderContext& context);
void add_authorize_endpoint(http::Router& router, ProviderContext& context);
void add_authorize_decision(http::Router& router, ProviderContext& context);
void add_par_endpoint(http::Router& router, ProviderContext& context);
void add_end_session_endpoint(http::Router& router, ProviderContext& context);
void add_metadata_endpoints(http::Router& router, ProviderContext& context);

/// Answers a CORS preflight on `path`: 204, as ZITADEL does.
void add_preflight(http::Router& router, const std::string& path, std::string methods);

/// The options of a protocol endpoint.
http::RouteOptions protocol_options(std::string name);

}  // namespace vestibule::provider
