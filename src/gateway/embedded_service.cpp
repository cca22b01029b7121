#include <algorithm>
#include <utility>

#include "accounts/service_accounts.h"
#include "async/commit.h"
#include "events/audit.h"
#include "gateway/embedded_provider.h"

// The embedded provider's verbs for applications' backends.
namespace vestibule::gateway {

using base::ErrorKind;
using base::fail;

base::Result<accounts::Caller> EmbeddedProvider::authenticate(const base::Secret& bearer,
                                                              base::Time now) const {
  auto look = [&](store::Transaction& tx) {
    return accounts::authenticate_personal_token(tx, bearer.reveal(), now);
  };
  auto caller = parts_.store.read(std::move(look));
  if (!caller)
    return fail(ErrorKind::unauthenticated, "invalid_token",
                "the bearer token is unknown or has expired");
  return std::move(*caller);
}

Awaitable<base::UserId> EmbeddedProvider::service_account_of(base::Secret bearer) {
  const auto caller = authenticate(bearer, parts_.clock.now());
  if (!caller) co_return std::unexpected(caller.error());
  co_return caller->user.id;
}

Awaitable<ServiceGuest> EmbeddedProvider::provision(ServiceGuestRequest request) {
  const auto now = parts_.clock.now();
  const auto caller = authenticate(request.bearer, now);
  if (!caller) co_return std::unexpected(caller.error());
  if (!caller->has(accounts::Role::guest_manager) ||
      !caller->has(accounts::Role::guest_impersonator))
    co_return fail(ErrorKind::forbidden, "insufficient_rights",
                   "provisioning needs the roles guest_manager and guest_impersonator");

  auto unit = [&](store::Transaction& tx) -> base::Result<guests::Provisioned> {
    const guests::Authority authority{.organization = caller->user.organization,
                                      .service_account = caller->user.id,
                                      .client = options_.client,
                                      .client_address = request.client_address};
    auto made =
        parts_.guests.provision(tx, authority, guests::KeyRequest{request.key, request.body}, now);
    if (made)
      events::record(tx,
                     {.type = "token.exchanged",
                      .user = made->user.id,
                      .actor = caller->user.id,
                      .client = options_.client,
                      .address = request.client_address},
                     now);
    return made;
  };
  const auto made = co_await async::commit(parts_.store, std::move(unit));
  if (!made) co_return std::unexpected(made.error());

  auto token = token_for(made->user.subject(), now);
  token.acr = oauth::acr_of(std::nullopt);
  oauth::Actor actor{.subject = caller->user.subject()};
  token.actor = std::make_shared<const oauth::Actor>(std::move(actor));
  ServiceGuest answer;
  answer.subject = made->user.subject();
  answer.token = base::Secret(parts_.issuer.sign_access_token(token, jose::Algorithm::es256));
  answer.expires_in = options_.token_lifetime.count();
  answer.scope = token.scope;
  answer.novelty =
      made->freshness == guests::Freshness::created ? Novelty::created : Novelty::existing;
  co_return answer;
}

}  // namespace vestibule::gateway
