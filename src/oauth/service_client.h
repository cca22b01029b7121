#pragma once

#include <optional>
#include <vector>

#include "accounts/user.h"
#include "oauth/client.h"

namespace vestibule::oauth {

/// The client that a service account is to itself: tokens that it got with its own key or secret
/// name it as their client, since no other had a part in them (as at ZITADEL). It is not registered
/// and has no grants but those two.
Client service_client(const accounts::User& service_account);

/// The client that a token names: a registered one, or the service account itself.
std::optional<Client> find_token_client(store::Transaction& tx, std::string_view client_id);

/// The registered clients that a service account is bound to.
std::vector<base::ClientId> list_bound_clients(store::Transaction& tx,
                                               base::UserId service_account);

/// Whether an organization has a project of that id.
bool has_project(store::Transaction& tx, base::OrganizationId organization, std::int64_t project);

}  // namespace vestibule::oauth
