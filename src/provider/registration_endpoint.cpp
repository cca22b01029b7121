#include "provider/registration_endpoint.h"

#include <boost/json.hpp>
#include <memory>
#include <stdexcept>
#include <utility>

#include "async/commit.h"
#include "base/crypto.h"
#include "events/audit.h"
#include "http/forms.h"
#include "jose/strict_json.h"
#include "oauth/client_algorithms.h"
#include "oauth/client_metadata.h"
#include "oauth/discovery.h"
#include "oauth/fapi.h"
#include "provider/oauth_http.h"
#include "provider/protected_resource.h"
#include "provider/routes.h"

namespace vestibule::provider {
namespace {

namespace json = boost::json;
using boost::asio::awaitable;

constexpr std::size_t body_limit = 32 * 1024;

/// What becomes of a client by its own hand, in the audit log.
void record(store::Transaction& tx, std::string_view type, const http::Request& request,
            base::ClientId client, base::Time now) {
  const auto address = request.client_address.to_string();
  events::record(tx, {.type = type, .user = events::nobody, .client = client, .address = address},
                 now);
}

/// Everything that the handlers share.
struct Registrar {
  ProviderContext& context;
  RegistrationContext& registration;
  http::AddressLimiter limiter;

  Registrar(ProviderContext& the_context, RegistrationContext& the_registration)
      : context(the_context), registration(the_registration), limiter(registration.rate) {}
};

http::Response refuse(const http::Request& request, const oauth::Error& error) {
  auto response = encode_error(request, error);
  if (error.status == 401) {
    // RFC 6750 3.1: without a token there is no error to name.
    response.headers.set("WWW-Authenticate", request.header("Authorization")
                                                 ? "Bearer realm=\"vestibule\", "
                                                   "error=\"invalid_token\""
                                                 : "Bearer realm=\"vestibule\"");
  }
  return response;
}

oauth::Result<json::object> read_document(const http::Request& request) {
  if (!http::has_media_type(request.headers, "application/json")) {
    return oauth::fail("invalid_request", "the body must be application/json");
  }
  auto document = jose::strict_json::parse_object(request.body);
  if (!document) {
    return oauth::fail("invalid_client_metadata",
                       "the body must be one JSON object without duplicate members");
  }
  return *std::move(document);
}

/// RFC 7591 3.2.1, RFC 7592 3: all that is registered, and what is said once only.
std::string answer_body(const ProviderContext& context, const oauth::Registered& registered) {
  const auto& client = registered.client;
  auto body = oauth::client_metadata(client, oauth::Registrant::anyone);
  body["client_id_issued_at"] = base::to_milliseconds(client.created_at) / 1000;
  if (registered.client_secret) {
    body["client_secret"] = registered.client_secret->reveal();
    body["client_secret_expires_at"] = 0;
  }
  if (registered.registration_token) {
    body["registration_access_token"] = registered.registration_token->reveal();
  }
  body["registration_client_uri"] =
      context.issuer.issuer() + std::string(oauth::paths::registration) + "/" + client.client_id();
  return json::serialize(body);
}

http::Response answer(int status, std::string body) {
  auto response = uncached_json(status, std::move(body));
  allow_any_origin(response);
  return response;
}

/// The client that the document describes, as far as that can be judged without other servers.
oauth::Result<oauth::Client> read_client(const oauth::Capabilities& capabilities,
                                         const json::object& document,
                                         const oauth::Client& identity) {
  auto client = oauth::read_client_metadata(document, identity, oauth::Registrant::anyone);
  if (!client) return client;
  if (!capabilities.mtls && (client->auth_method == oauth::AuthMethod::tls_client_auth ||
                             client->sender_constraint == oauth::SenderConstraint::mtls)) {
    return oauth::fail("invalid_client_metadata", "client certificates are not supported here");
  }
  if (auto good = oauth::check_client_configuration(*client); !good) {
    return std::unexpected(std::move(good.error()));
  }
  return client;
}

awaitable<oauth::Result<void>> check_sector(Registrar& registrar, const oauth::Client& client) {
  if (client.sector_identifier_uri.empty()) co_return oauth::Result<void>{};
  auto fetch = [&] { return registrar.registration.fetch(client.sector_identifier_uri); };
  const auto document = co_await async::run(registrar.registration.callers, std::move(fetch));
  if (!document) {
    co_return oauth::fail("invalid_client_metadata", "sector_identifier_uri cannot be fetched");
  }
  co_return oauth::check_sector_identifier(client, *document);
}

/// What is judged or made outside the unit of work, because it is slow.
awaitable<oauth::Result<void>> prepare(Registrar& registrar, const oauth::Client& client) {
  auto sector = co_await check_sector(registrar, client);
  if (!sector) co_return sector;
  auto& context = registrar.context;
  auto provide = [&] {
    return registrar.registration.keys.provide(context.store, oauth::signing_algorithms(client),
                                               context.clock.now());
  };
  const auto ready = co_await async::run(context.cpu, std::move(provide));
  if (!ready) throw std::runtime_error("no keys for a client: " + ready.error().message);
  co_return oauth::Result<void>{};
}

/// RFC 7592 section 2, RFC 7591 section 3: a bearer token in the Authorization field.
oauth::Result<std::optional<std::string>> read_registration_token(const http::Request& request) {
  const auto presented = read_presented_token(request);
  if (!presented) return std::unexpected(presented.error());
  if (!*presented) return std::optional<std::string>();
  if ((*presented)->scheme != TokenScheme::bearer) {
    return oauth::fail("invalid_token", "a registration access token is a bearer token", 401);
  }
  return std::optional((*presented)->text);
}

awaitable<http::Response> create(Registrar& registrar, http::Request& request) {
  auto& context = registrar.context;
  const auto now = context.clock.now();
  const auto verdict = registrar.limiter.check(request.client_address, now);
  if (!verdict.allowed) {
    const oauth::Error error{"temporarily_unavailable", "too many registrations", 429};
    auto response = refuse(request, error);
    response.with_header("Retry-After", std::to_string(verdict.retry_after_seconds()));
    co_return response;
  }
  const auto token = read_registration_token(request);
  if (!token) co_return refuse(request, token.error());
  const auto& policy = registrar.registration.policy;
  if (const auto allowed = oauth::check_initial_token(policy, *token); !allowed) {
    co_return refuse(request, allowed.error());
  }
  const auto document = read_document(request);
  if (!document) co_return refuse(request, document.error());

  oauth::Client identity;
  identity.id = base::ClientId{registrar.registration.ids.next(now).value};
  identity.organization = policy.organization;
  // A project of its own: an API that takes the tokens of an operator's project takes none of its.
  identity.project = registrar.registration.ids.next(now).value;
  const auto client = read_client(context.options.capabilities, *document, identity);
  if (!client) co_return refuse(request, client.error());
  const auto ready = co_await prepare(registrar, *client);
  if (!ready) co_return refuse(request, ready.error());

  auto unit = [&](store::Transaction& tx) {
    auto made = oauth::register_client(tx, policy, *client, context.random, now);
    if (made) record(tx, "client.registered", request, made->client.id, now);
    return made;
  };
  const auto registered = co_await async::commit(context.store, std::move(unit));
  if (!registered) co_return refuse(request, registered.error());
  co_return answer(201, answer_body(context, *registered));
}

/// The client whose registration access token the request carries.
oauth::Result<oauth::Client> authenticate(ProviderContext& context, const http::Request& request) {
  const auto token = read_registration_token(request);
  if (!token) return std::unexpected(token.error());
  const auto id = request.parameter("client_id");
  return context.store.read(
      [&](store::Transaction& tx) { return oauth::authenticate_registration(tx, id, *token); });
}

awaitable<http::Response> show(Registrar& registrar, http::Request& request) {
  const auto client = authenticate(registrar.context, request);
  if (!client) co_return refuse(request, client.error());
  const oauth::Registered registered{*client};
  co_return answer(200, answer_body(registrar.context, registered));
}

/// RFC 7592 2.2: the client says who it is, and nothing that only the server says.
oauth::Result<void> check_update(const json::object& document, const oauth::Client& client) {
  const auto wrong = [](const char* why) { return oauth::fail("invalid_client_metadata", why); };
  for (const auto* name : {"registration_access_token", "registration_client_uri",
                           "client_secret_expires_at", "client_id_issued_at"}) {
    if (document.contains(name)) return wrong("the request has what only the server says");
  }
  const auto* id = document.if_contains("client_id");
  if (id == nullptr || !id->is_string() ||
      std::string_view(id->as_string()) != client.client_id()) {
    return wrong("client_id is not this client's");
  }
  const auto* secret = document.if_contains("client_secret");
  if (secret == nullptr) return {};
  const bool same = secret->is_string() && client.secret_hash &&
                    base::equal_in_constant_time(
                        base::sha256(std::string_view(secret->as_string())), *client.secret_hash);
  if (!same) return wrong("client_secret is not this client's");
  return {};
}

awaitable<http::Response> update(Registrar& registrar, http::Request& request) {
  auto& context = registrar.context;
  const auto current = authenticate(context, request);
  if (!current) co_return refuse(request, current.error());
  const auto document = read_document(request);
  if (!document) co_return refuse(request, document.error());
  if (const auto allowed = check_update(*document, *current); !allowed) {
    co_return refuse(request, allowed.error());
  }
  const auto wanted = read_client(context.options.capabilities, *document, *current);
  if (!wanted) co_return refuse(request, wanted.error());
  const auto ready = co_await prepare(registrar, *wanted);
  if (!ready) co_return refuse(request, ready.error());

  const auto now = context.clock.now();
  auto unit = [&](store::Transaction& tx) -> oauth::Result<oauth::Registered> {
    // Of two updates with one token, one finds it replaced.
    const auto id = current->client_id();
    const auto token = read_registration_token(request);
    const auto still = oauth::authenticate_registration(tx, id, *token);
    if (!still) return std::unexpected(still.error());
    record(tx, "client.updated", request, wanted->id, now);
    return oauth::update_registration(tx, *wanted, context.random, now);
  };
  const auto updated = co_await async::commit(context.store, std::move(unit));
  if (!updated) co_return refuse(request, updated.error());
  co_return answer(200, answer_body(context, *updated));
}

awaitable<http::Response> remove(Registrar& registrar, http::Request& request) {
  auto& context = registrar.context;
  const auto client = authenticate(context, request);
  if (!client) co_return refuse(request, client.error());
  const auto now = context.clock.now();
  auto unit = [&](store::Transaction& tx) {
    oauth::delete_client(tx, client->id);
    record(tx, "client.deleted", request, client->id, now);
  };
  co_await async::commit(context.store, std::move(unit));
  auto response = http::Response::no_content();
  response.with_header("Cache-Control", "no-store").with_header("Pragma", "no-cache");
  allow_any_origin(response);
  co_return response;
}

}  // namespace

void add_registration_endpoints(http::Router& router, ProviderContext& context,
                                RegistrationContext& registration) {
  if (registration.policy.mode == oauth::RegistrationMode::off) return;
  const auto registrar = std::make_shared<Registrar>(context, registration);
  auto options = protocol_options("register");
  options.body_limit = body_limit;
  const std::string all = oauth::paths::registration;
  const std::string one = all + "/{client_id}";
  const auto route = [&](const char* method, const std::string& path, auto handler) {
    router.add(
        method, path,
        [registrar, handler](http::Request& request) { return handler(*registrar, request); },
        options);
  };
  route("POST", all, create);
  route("GET", one, show);
  route("PUT", one, update);
  route("DELETE", one, remove);
  add_preflight(router, all, "POST");
  add_preflight(router, one, "GET, PUT, DELETE");
}

}  // namespace vestibule::provider
