#include <algorithm>

#include "accounts/emails.h"
#include "accounts/machine_credentials.h"
#include "accounts/organizations.h"
#include "accounts/passwords.h"
#include "accounts/users.h"
#include "base/text.h"
#include "events/audit.h"
#include "oauth/service_client.h"
#include "zitadel/caller.h"
#include "zitadel/changes.h"
#include "zitadel/verbs.h"

namespace vestibule::zitadel {
namespace {

Result<std::optional<accounts::GuestDay>> find_tag(const std::vector<MetadataEntry>& metadata) {
  std::optional<accounts::GuestDay> day;
  for (const auto& entry : metadata) {
    if (!entry.key.starts_with(accounts::guest_tag_prefix)) continue;
    const auto tagged = accounts::GuestDay::from_tag(entry.key);
    if (!tagged || (day && *day != *tagged)) return refuse(refusals::tag_malformed);
    day = tagged;
  }
  return day;
}

std::optional<base::OrganizationId> find_organization_id(const Unit& unit,
                                                         const CreateRequest& request) {
  const auto own = unit.caller.user.organization;
  if (request.organization_id)
    return base::parse_id<base::OrganizationId>(*request.organization_id);
  if (!request.organization_domain) return own;
  const auto organization = accounts::find_organization(unit.tx, own);
  if (!organization || organization->primary_domain != *request.organization_domain) return {};
  return own;
}

/// The application that a guest is made for: the one client that its service account belongs to.
/// The call itself names none.
std::optional<base::ClientId> client_of(const Unit& unit) {
  const auto clients = oauth::list_bound_clients(unit.tx, unit.caller.user.id);
  return clients.size() == 1 ? std::optional(clients.front()) : std::nullopt;
}

Result<accounts::User> make_user(const Unit& unit, const CreateRequest& request) {
  const auto day = find_tag(request.metadata);
  if (!day) return std::unexpected(day.error());
  const bool is_machine = request.kind == accounts::UserKind::machine;
  if (*day && (is_machine || request.password)) return refuse(refusals::guest_is_human);
  const auto organization = find_organization_id(unit, request);
  accounts::User user{.id = unit.context.ids.next(unit.now),
                      .organization = organization.value_or(base::OrganizationId{}),
                      .kind = request.kind,
                      .guest_day = *day,
                      .chosen_subject = request.user_id,
                      .created_at = unit.now,
                      .changed_at = unit.now,
                      .active_at = unit.now};
  if (auto allowed = check_creation(unit.caller, user); !allowed) {
    return std::unexpected(std::move(allowed.error()));
  }
  if (!organization || !accounts::find_organization(unit.tx, *organization)) {
    return refuse(refusals::organization_unknown);
  }
  if (user.is_guest()) user.client = client_of(unit);
  if (is_machine) user.display_name = request.machine_name;
  apply(request.profile, user);
  if (request.phone) apply(*request.phone, user);
  if (!is_machine && !user.display_name) {
    user.display_name = user.given_name.value_or("") + " " + user.family_name.value_or("");
  }
  // As ZITADEL does: the address is the user name of a human who has none.
  user.username = request.username ? request.username
                  : request.email  ? std::optional(request.email->address)
                                   : std::optional(user.subject());
  return user;
}

// An id is never issued twice, not even that of somebody deleted.
Result<void> check_id(const Unit& unit, const accounts::User& user) {
  if (!user.chosen_subject) return {};
  if (accounts::find_user_by_subject(unit.tx, *user.chosen_subject)) {
    return refuse(user.kind == accounts::UserKind::human ? refusals::human_id_in_use
                                                         : refusals::machine_id_in_use);
  }
  if (accounts::resolve_subject(unit.tx, *user.chosen_subject)) return refuse(refusals::id_exists);
  return {};
}

}  // namespace

Result<Changed> create_user(const Unit& unit, const CreateRequest& request, const SlowWork& work) {
  auto user = make_user(unit, request);
  if (!user) return std::unexpected(std::move(user.error()));
  if (auto sound = check_texts(*user); !sound) return std::unexpected(std::move(sound.error()));
  for (const auto& entry : request.metadata) {
    if (const auto sound = accounts::check_metadata(entry.key, entry.value); !sound) {
      return refuse(from_domain(sound.error()));
    }
  }
  if (auto free = check_id(unit, *user); !free) return std::unexpected(std::move(free.error()));
  if (request.email) apply(unit, *request.email, *user);
  if (const auto inserted = accounts::insert_user(unit.tx, *user); !inserted) {
    return refuse(from_domain(inserted.error()));
  }
  for (const auto& entry : request.metadata) {
    accounts::set_metadata(unit.tx, user->id, entry.key, entry.value, unit.now);
  }
  if (request.password) {
    accounts::set_password_hash(unit.tx, user->id, work.next_hash, unit.now,
                                request.password->renewal);
    user->password_changed_at = unit.now;
  }
  accounts::set_machine_description(unit.tx, user->id, request.machine_description);
  if (user->is_guest()) {
    note(unit, events::guest_provisioned, user->id);
    unit.context.outbox.add(unit.tx, events::guest_provisioned, user->id,
                            {{"sub", user->subject()}}, unit.now);
  } else {
    note(unit, "user.created", user->id);
  }
  Changed created{.user = std::move(*user)};
  mint_codes(unit, request.email, request.phone, created);
  return created;
}

void note_activity(const Unit& unit, base::UserId user) {
  // Exact to one token lifetime of the gateway.
  constexpr base::Milliseconds precision{10 * 60'000};
  accounts::touch(unit.tx, user, unit.now, precision);
}

void note(const Unit& unit, std::string_view type, base::UserId user) {
  events::record(
      unit.tx,
      {.type = type, .user = user, .actor = unit.caller.user.id, .address = unit.client_address},
      unit.now);
}

}  // namespace vestibule::zitadel
