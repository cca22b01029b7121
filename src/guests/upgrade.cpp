#include "accounts/emails.h"
#include "accounts/metadata.h"
#include "accounts/passwords.h"
#include "events/audit.h"
#include "guests/guests.h"

namespace vestibule::guests {

using base::ErrorKind;
using base::fail;

base::Result<Upgraded> Guests::upgrade(store::Transaction& tx, const UpgradeRequest& request,
                                       base::Time now) const {
  auto user = accounts::find_user(tx, request.user);
  if (!user) return fail(ErrorKind::gone, "guest_gone", "the guest has been deleted");
  if (user->standing() == accounts::Standing::merging) {
    return fail(ErrorKind::conflict, "merging", "the guest is being merged into an account");
  }
  const auto session = sessions_.find(tx, request.session, now);
  if (!session || session->user != user->id || session->kind != sessions::Kind::gateway) {
    return fail(ErrorKind::unauthenticated, "no_session", "the session has ended");
  }
  if (user->standing() == accounts::Standing::account) {
    return fail(ErrorKind::conflict, "already_registered", "the user is registered already");
  }

  user->given_name = request.given_name;
  user->family_name = request.family_name;
  accounts::claim_email(tx, *user, request.email, request.new_session, random_, now);
  if (auto updated = accounts::update_user(tx, *user, now); !updated) {
    return std::unexpected(std::move(updated.error()));
  }
  accounts::set_password_hash(tx, user->id, request.password_hash, now);
  accounts::become_account(tx, *user, std::nullopt, now);
  accounts::delete_metadata_by_prefix(tx, user->id, accounts::guest_tag_prefix);

  accounts::change_standing(tx, sessions_, user->id, now);
  sessions::Session fresh{.id = request.new_session,
                          .user = user->id,
                          .created_at = now,
                          .rotated_at = now,
                          .expires_at = request.session_expires_at,
                          .auth_time = now,
                          .amr = "pwd"};
  sessions_.insert(tx, fresh);

  events::record(
      tx, {.type = events::guest_upgraded, .user = user->id, .address = request.client_address},
      now);
  outbox_.add(tx, events::guest_upgraded, user->id, {{"sub", user->subject()}}, now);
  user = accounts::find_user(tx, request.user);
  if (!user) throw std::logic_error("an upgraded user cannot be found in its own transaction");
  return Upgraded{std::move(*user), std::move(fresh)};
}

}  // namespace vestibule::guests
