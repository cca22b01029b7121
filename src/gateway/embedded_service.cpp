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

namespace {

constexpr int most_tasks = 100;

std::string_view state_name(guests::MergeState state) {
  switch (state) {
    case guests::MergeState::requested:
      return "requested";
    case guests::MergeState::stalled:
      return "stalled";
    case guests::MergeState::done:
      return "done";
    case guests::MergeState::abandoned:
      return "abandoned";
  }
  throw std::logic_error("unknown merge state");
}

MergeTask task_of(const guests::Merge& merge) {
  return {base::to_string(merge.id), merge.source_subject,
          merge.target_subject,      std::string(state_name(merge.state)),
          merge.requested_at,        merge.deadline_at};
}

}  // namespace

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

base::Result<const events::Application*> EmbeddedProvider::application_of(
    const base::Secret& bearer, base::Time now) const {
  const auto caller = authenticate(bearer, now);
  if (!caller) return std::unexpected(caller.error());
  for (const auto& application : parts_.outbox.applications())
    if (application.service_account == caller->user.id) return &application;
  return fail(ErrorKind::forbidden, "insufficient_rights",
              "the caller is not the service account of an application");
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

Awaitable<std::vector<MergeTask>> EmbeddedProvider::pending_merges(base::Secret bearer) {
  const auto application = application_of(bearer, parts_.clock.now());
  if (!application) co_return std::unexpected(application.error());
  auto look = [&](store::Transaction& tx) {
    std::vector<MergeTask> tasks;
    for (const auto& merge : guests::list_open_merges(tx, (*application)->name, most_tasks))
      tasks.push_back(task_of(merge));
    return tasks;
  };
  co_return parts_.store.read(std::move(look));
}

Awaitable<MergeTask> EmbeddedProvider::acknowledge(base::Secret bearer, std::string merge_id) {
  const auto now = parts_.clock.now();
  const auto application = application_of(bearer, now);
  if (!application) co_return std::unexpected(application.error());
  const auto id = base::parse_id<base::MergeId>(merge_id);
  if (!id) co_return fail(ErrorKind::not_found, "unknown_merge", "there is no such merge");
  auto unit = [&](store::Transaction& tx) -> base::Result<MergeTask> {
    const auto merge = parts_.guests.acknowledge(tx, *id, (*application)->name, now);
    if (!merge) return std::unexpected(merge.error());
    return task_of(*merge);
  };
  co_return co_await async::commit(parts_.store, std::move(unit));
}

Awaitable<std::string> EmbeddedProvider::find_alias(base::Secret bearer, std::string subject) {
  const auto application = application_of(bearer, parts_.clock.now());
  if (!application) co_return std::unexpected(application.error());
  auto look = [&](store::Transaction& tx) { return guests::find_alias(tx, subject); };
  auto alias = parts_.store.read(std::move(look));
  if (!alias)
    co_return fail(ErrorKind::not_found, "unknown_alias",
                   "this sub has not become another one in a merge");
  co_return std::move(*alias);
}

}  // namespace vestibule::gateway
