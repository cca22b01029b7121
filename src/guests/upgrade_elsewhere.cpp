#include "accounts/metadata.h"
#include "events/audit.h"
#include "guests/guests.h"

namespace vestibule::guests {

bool Guests::note_upgrade(store::Transaction& tx, const UpgradeElsewhere& upgrade,
                          base::Time now) const {
  auto user = accounts::find_user(tx, upgrade.user);
  if (!user || user->standing() != accounts::Standing::guest) return false;

  if (!upgrade.given_name.empty()) user->given_name = upgrade.given_name;
  if (!upgrade.family_name.empty()) user->family_name = upgrade.family_name;
  if (!upgrade.email.empty()) {
    user->email = upgrade.email;
    user->email_state = accounts::EmailState::unproved;
  }
  if (const auto updated = accounts::update_user(tx, *user, now); !updated) {
    throw std::logic_error("an upgraded user cannot be written: " + updated.error().message);
  }
  accounts::become_account(tx, *user, std::nullopt, now);
  accounts::delete_metadata_by_prefix(tx, user->id, accounts::guest_tag_prefix);
  accounts::change_standing(tx, sessions_, user->id, now);
  if (upgrade.new_session) sessions_.insert(tx, *upgrade.new_session);

  events::record(tx, {.type = events::guest_upgraded, .user = user->id}, now);
  outbox_.add(tx, events::guest_upgraded, user->id, {{"sub", user->subject()}}, now);
  return true;
}

}  // namespace vestibule::guests
