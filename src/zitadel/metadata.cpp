#include "accounts/metadata.h"

#include <algorithm>
#include <set>

#include "accounts/users.h"
#include "zitadel/caller.h"
#include "zitadel/paging.h"
#include "zitadel/text_match.h"
#include "zitadel/verbs.h"

namespace vestibule::zitadel {
namespace {

bool passes(const accounts::Metadata& entry, const Record& request) {
  return std::ranges::all_of(request.children("filters"), [&](const Record& filter) {
    const auto* const key = filter.child("keyFilter");
    return key == nullptr ||
           matches(entry.key, key->text_or_empty("key"), key->number("method").value_or(0));
  });
}

Result<accounts::User> load_for_change(const Unit& unit, std::string_view subject) {
  auto user = load_permitted(unit.tx, unit.caller, subject, Action::change,
                             refusals::user_unknown_to_metadata, unit.now);
  if (user && user->standing() == accounts::Standing::merging) return refuse(refusals::merging);
  return user;
}

}  // namespace

Result<MetadataPage> list_metadata(const Unit& unit, const Record& request) {
  const auto paging = read_paging(request);
  MetadataPage page{.applied_limit = paging.limit};
  const auto user = accounts::find_user_by_subject(unit.tx, request.text_or_empty("userId"));
  if (!user || !check_permission(unit.caller, *user, Action::read, unit.now)) return page;

  auto all = accounts::list_metadata(unit.tx, user->id);
  std::erase_if(all, [&](const accounts::Metadata& entry) { return !passes(entry, request); });
  // Newest first, as ZITADEL lists them unless it is told otherwise.
  std::ranges::sort(all, [&](const auto& a, const auto& b) {
    const auto order = std::tie(a.created_at, a.key) < std::tie(b.created_at, b.key);
    return paging.ascending ? order : std::tie(b.created_at, b.key) < std::tie(a.created_at, a.key);
  });
  page.total = all.size();
  cut_page(all, paging);
  page.entries = std::move(all);
  return page;
}

Result<void> set_metadata(const Unit& unit, std::string_view subject,
                          const std::vector<MetadataEntry>& entries) {
  if (entries.empty()) return refuse(refusals::metadata_none);
  const auto user = load_for_change(unit, subject);
  if (!user) return refuse(user.error());
  for (const auto& entry : entries) {
    if (entry.key.starts_with(accounts::guest_tag_prefix)) return refuse(refusals::tag_reserved);
    if (entry.value.empty()) return refuse(refusals::metadata_invalid);
    if (const auto sound = accounts::check_metadata(entry.key, entry.value); !sound) {
      return refuse(from_domain(sound.error()));
    }
  }
  for (const auto& entry : entries) {
    accounts::set_metadata(unit.tx, user->id, entry.key, entry.value, unit.now);
  }
  note(unit, "metadata.set", user->id);
  note_activity(unit, user->id);
  return {};
}

Result<void> delete_metadata(const Unit& unit, std::string_view subject,
                             const std::vector<std::string>& keys) {
  if (keys.empty()) return refuse(refusals::metadata_none);
  const auto user = load_for_change(unit, subject);
  if (!user) return refuse(user.error());
  for (const auto& key : std::set<std::string>(keys.begin(), keys.end())) {
    // One unknown key refuses them all: the unit is rolled back.
    if (!accounts::delete_metadata(unit.tx, user->id, key)) {
      return refuse(refusals::metadata_key_unknown);
    }
  }
  note(unit, "metadata.deleted", user->id);
  note_activity(unit, user->id);
  return {};
}

}  // namespace vestibule::zitadel
