#include "accounts/profile.h"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string_view>

namespace vestibule::accounts {
namespace {

namespace json = boost::json;

const store::Statement select_one{"user_profiles.find",
                                  "select claims from user_profiles where user_id = $1"};
const store::Statement replace_one{"user_profiles.replace",
                                   "insert into user_profiles (user_id, claims) values ($1, $2) "
                                   "on conflict (user_id) do update set claims = excluded.claims"};
const store::Statement delete_one{"user_profiles.erase_user",
                                  "delete from user_profiles where user_id = $1"};

/// The members under the names of their claims, for both directions.
template <class P, class Visit>
void visit_profile(P& profile, Visit visit) {
  visit("middle_name", profile.middle_name);
  visit("profile", profile.profile);
  visit("picture", profile.picture);
  visit("website", profile.website);
  visit("gender", profile.gender);
  visit("birthdate", profile.birthdate);
  visit("zoneinfo", profile.zoneinfo);
}

template <class A, class Visit>
void visit_address(A& address, Visit visit) {
  visit("formatted", address.formatted);
  visit("street_address", address.street_address);
  visit("locality", address.locality);
  visit("region", address.region);
  visit("postal_code", address.postal_code);
  visit("country", address.country);
}

auto write_into(json::object& document) {
  return [&document](std::string_view name, const std::string& value) {
    if (!value.empty()) document[name] = value;
  };
}

auto read_from(const json::object& document) {
  return [&document](std::string_view name, std::string& out) {
    if (const auto* value = document.if_contains(name)) out = value->as_string();
  };
}

}  // namespace

Profile find_profile(store::Transaction& tx, base::UserId user) {
  auto rows = tx.query(select_one, user);
  Profile profile;
  if (!rows.next()) return profile;
  const auto document = json::parse(rows.text(0)).as_object();
  visit_profile(profile, read_from(document));
  if (const auto* address = document.if_contains("address")) {
    visit_address(profile.address, read_from(address->as_object()));
  }
  return profile;
}

void set_profile(store::Transaction& tx, base::UserId user, const Profile& profile) {
  if (profile.empty()) {
    tx.execute(delete_one, user);
    return;
  }
  json::object document;
  visit_profile(profile, write_into(document));
  if (!profile.address.empty()) {
    json::object address;
    visit_address(profile.address, write_into(address));
    document["address"] = std::move(address);
  }
  tx.execute(replace_one, user, json::serialize(document));
}

}  // namespace vestibule::accounts
