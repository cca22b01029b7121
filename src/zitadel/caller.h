#pragma once

#include <string_view>

#include "accounts/service_accounts.h"
#include "zitadel/errors.h"
#include "zitadel/routes.h"

namespace vestibule::zitadel {

/// Who calls: the service account behind a personal access token, or behind a token that it got
/// for this API with its own key or secret (oauth/grants/service_token.h). Other access tokens of
/// ours are no key to this API, whoever holds them (403 as ZITADEL answers those that came from an
/// exchange); all else is 401.
Result<accounts::Caller> authenticate(store::Transaction& tx, const ZitadelContext& context,
                                      std::string_view token, base::Time now);

/// What a caller wants of a user that is there.
enum class Action { read, change, erase };

/// How long a service account may finish what it does with a guest that it has just upgraded.
inline constexpr base::Milliseconds finishing_time{10 * 60'000};

/// Is the caller in the middle of registering this user, which it has just upgraded?
bool is_finishing(const accounts::Caller& caller, const accounts::User& user, base::Time now);

/// Invariant 8 of design.md section 3. An administrator may do everything; a guest manager may do
/// everything with guests of its own organization, and read and change, for `finishing_time`, a
/// user that it has upgraded. Everybody may read themselves.
Result<void> check_permission(const accounts::Caller& caller, const accounts::User& user,
                              Action action, base::Time now);
/// Whether the caller may create this user: a guest manager only guests of its own organization.
Result<void> check_creation(const accounts::Caller& caller, const accounts::User& user);
/// For what only administrators may do.
Result<void> check_administrator(const accounts::Caller& caller);

/// Loads the user for an action; `unknown` if there is none. A caller without any role learns
/// nothing but that.
Result<accounts::User> load_permitted(store::Transaction& tx, const accounts::Caller& caller,
                                      std::string_view subject, Action action, const Error& unknown,
                                      base::Time now);

}  // namespace vestibule::zitadel
