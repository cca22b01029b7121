#include "oauth/grants/machine_secret.h"

#include <optional>
#include <utility>

#include "accounts/directory.h"
#include "accounts/machine_credentials.h"
#include "accounts/users.h"
#include "oauth/grants/service_token.h"

namespace vestibule::oauth {
namespace {

std::optional<accounts::User> find_machine(store::Transaction& tx, const std::string& name) {
  auto user = accounts::find_user_by_subject(tx, name);
  if (!user) {
    const auto id = accounts::find_name(tx, accounts::NameKind::username, name);
    user = id ? accounts::find_user(tx, *id) : std::nullopt;
  }
  const bool is_machine = user && user->kind == accounts::UserKind::machine &&
                          user->state == accounts::UserState::active;
  return is_machine ? std::move(user) : std::nullopt;
}

}  // namespace

Result<Grant> grant_by_machine_secret(store::Transaction& tx, const GrantContext& context,
                                      const ParsedCredentials& credentials, const Scope& requested,
                                      base::Time now) {
  const auto machine = find_machine(tx, credentials.client_id);
  if (!machine || !accounts::verify_machine_secret(tx, machine->id, credentials.secret)) {
    const int status = credentials.method == AuthMethod::client_secret_basic ? 401 : 400;
    return fail("invalid_client", "client not found", status,
                "no service account with that name and secret");
  }
  return grant_to_service(tx, context, *machine, requested, now);
}

}  // namespace vestibule::oauth
