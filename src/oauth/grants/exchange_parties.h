#pragma once

#include <memory>
#include <optional>

#include "accounts/service_accounts.h"
#include "accounts/user.h"
#include "oauth/client.h"
#include "oauth/grants/exchange_request.h"
#include "oauth/grants/grant.h"

namespace vestibule::oauth {

/// Whom the new token speaks for, and what the subject token allows it to say.
struct ExchangeSubject {
  accounts::User user;
  GivenType type = GivenType::access_token;
  std::optional<Scope> scope = {};  ///< the limit; none for `user_id`
  std::optional<base::Time> expires_at = {};
  std::optional<base::SessionId> session = {};
  std::optional<base::Time> auth_time = {};
  std::string amr = {};
  std::string acr = {};
  std::shared_ptr<const Actor> chain = {};  ///< who has acted for the subject so far
  std::optional<base::Uuid> grant = {};     ///< whose revocation ends the new token too
  Confirmation confirmation = {};           ///< the new token is bound too
};

/// Who acts from now on.
struct ExchangeActor {
  accounts::Caller caller;
  std::optional<Scope> scope = {};            ///< the limit; none for a personal access token
  std::optional<base::Time> expires_at = {};  ///< of its token; none for a personal access token
};

/// Establishes the subject. A token must name the requesting client (as `client_id` or audience)
/// and be live; an ID token must be unexpired, for this client and of a live session, and allows
/// the scopes whose claims it shows; a personal access token names no client and is refused. Error:
/// invalid_request `subject_token invalid`.
Result<ExchangeSubject> resolve_subject(store::Transaction& tx, const GrantContext& context,
                                        const Client& client, const GivenToken& given,
                                        base::Time now);

/// Establishes the actor: a personal access token, or a live token under the same conditions as for
/// a subject that has no actor itself and is bound to no key that was not shown. Error:
/// invalid_request `actor_token invalid`.
Result<ExchangeActor> resolve_actor(store::Transaction& tx, const GrantContext& context,
                                    const Client& client, const GivenToken& given, base::Time now);

}  // namespace vestibule::oauth
