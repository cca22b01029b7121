#include <algorithm>

#include "base/crypto.h"
#include "remote/remote_provider.h"

// The verbs for applications' backends, which show a token of the remote's.
namespace vestibule::remote {

using base::ErrorKind;
using base::fail;
using gateway::Awaitable;
using gateway::ProviderUnavailable;

base::Result<base::UserId> RemoteProvider::identify(const base::Secret& bearer) const {
  const auto refuse = [] {
    return fail(ErrorKind::unauthenticated, "invalid_token",
                "the bearer token is unknown or has expired");
  };
  const auto subject = parts_.bench.api.whoami(bearer);
  if (!subject) {
    if (subject.error().kind == CallError::Kind::refused) return refuse();
    throw ProviderUnavailable("a bearer token was not looked up: " + subject.error().detail);
  }
  const auto id = base::parse_id<base::UserId>(*subject);
  if (!id) return refuse();
  return *id;
}

Awaitable<base::UserId> RemoteProvider::service_account_of(base::Secret bearer) {
  auto work = [&] { return identify(bearer); };
  co_return co_await async::run(parts_.calls, std::move(work));
}

bool RemoteProvider::may_provision(base::UserId caller) const {
  return std::ranges::any_of(parts_.outbox.applications(), [&](const auto& application) {
    return application.service_account == caller;
  });
}

Awaitable<gateway::ServiceGuest> RemoteProvider::provision(gateway::ServiceGuestRequest request) {
  auto work = [&]() -> base::Result<gateway::ServiceGuest> {
    const auto caller = identify(request.bearer);
    if (!caller) return std::unexpected(caller.error());
    const bool own =
        !options_.service_token.empty() &&
        base::equal_in_constant_time(request.bearer.reveal(), options_.service_token.reveal());
    if (!own && !may_provision(*caller))
      return fail(ErrorKind::forbidden, "insufficient_rights",
                  "the caller is neither the gateway's nor an application's service account");
    GuestWanted wanted;
    wanted.key = request.key;
    wanted.body = request.body;
    wanted.caller = *caller;
    wanted.client_address = request.client_address;
    auto made = parts_.sagas.provisioning.run(wanted);
    if (!made) return std::unexpected(std::move(made.error()));
    gateway::ServiceGuest answer;
    answer.subject = made->provisioned.user.subject();
    answer.expires_in = std::chrono::duration_cast<base::Seconds>(made->tokens.expires_at -
                                                                  parts_.bench.clock.now())
                            .count();
    answer.token = std::move(made->tokens.access_token);
    answer.scope = options_.guest_scope;
    answer.novelty = made->provisioned.freshness == guests::Freshness::created
                         ? gateway::Novelty::created
                         : gateway::Novelty::existing;
    return answer;
  };
  co_return co_await async::run(parts_.calls, std::move(work));
}

}  // namespace vestibule::remote
