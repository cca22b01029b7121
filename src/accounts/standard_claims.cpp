#include "accounts/standard_claims.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "accounts/claim_syntax.h"
#include "accounts/emails.h"
#include "base/text.h"

namespace vestibule::accounts {
namespace {

namespace json = boost::json;
using Syntax = bool (*)(std::string_view);

std::unexpected<base::Error> malformed(std::string_view claim) {
  return base::fail(base::ErrorKind::invalid, "claim_malformed",
                    "The claim " + std::string(claim) + " is malformed.", std::string(claim));
}

std::unexpected<base::Error> unknown(std::string_view claim) {
  return base::fail(base::ErrorKind::invalid, "claim_unknown",
                    "There is no claim " + std::string(claim) + " that can be set.",
                    std::string(claim));
}

/// null gives nullopt, which removes the claim.
base::Result<std::optional<std::string>> read_text(std::string_view claim, const json::value& value,
                                                   Syntax is_good) {
  if (value.is_null()) return std::nullopt;
  if (!value.is_string() || !is_good(value.as_string())) return malformed(claim);
  return std::string(value.as_string());
}

base::Result<bool> read_flag(std::string_view claim, const json::value& value) {
  if (value.is_null()) return false;
  if (!value.is_bool()) return malformed(claim);
  return value.as_bool();
}

struct AddressMember {
  std::string_view name;
  std::string PostalAddress::* member;
  Syntax is_good;
};
constexpr AddressMember address_members[] = {
    {"formatted", &PostalAddress::formatted, claim_syntax::is_text},
    {"street_address", &PostalAddress::street_address, claim_syntax::is_text},
    {"locality", &PostalAddress::locality, claim_syntax::is_line},
    {"region", &PostalAddress::region, claim_syntax::is_line},
    {"postal_code", &PostalAddress::postal_code, claim_syntax::is_line},
    {"country", &PostalAddress::country, claim_syntax::is_line},
};

base::Result<PostalAddress> read_address(const json::value& value) {
  PostalAddress address;
  if (value.is_null()) return address;
  if (!value.is_object()) return malformed("address");
  for (const auto& [name, member] : value.as_object()) {
    const auto found =
        std::ranges::find(address_members, std::string_view(name), &AddressMember::name);
    if (found == std::end(address_members)) return unknown("address." + std::string(name));
    auto text = read_text("address." + std::string(name), member, found->is_good);
    if (!text) return std::unexpected(std::move(text.error()));
    address.*(found->member) = std::move(*text).value_or("");
  }
  return address;
}

struct UserClaim {
  std::string_view name;
  std::optional<std::string> User::* member;
  Syntax is_good;
};
constexpr UserClaim user_claims[] = {
    {"name", &User::display_name, claim_syntax::is_line},
    {"given_name", &User::given_name, claim_syntax::is_line},
    {"family_name", &User::family_name, claim_syntax::is_line},
    {"nickname", &User::nick_name, claim_syntax::is_line},
    {"preferred_username", &User::username, claim_syntax::is_line},
    {"locale", &User::preferred_language, claim_syntax::is_language},
    {"phone_number", &User::phone, claim_syntax::is_phone_number},
};

struct ProfileClaim {
  std::string_view name;
  std::string Profile::* member;
  Syntax is_good;
};
constexpr ProfileClaim profile_claims[] = {
    {"middle_name", &Profile::middle_name, claim_syntax::is_line},
    {"profile", &Profile::profile, claim_syntax::is_web_url},
    {"picture", &Profile::picture, claim_syntax::is_web_url},
    {"website", &Profile::website, claim_syntax::is_web_url},
    {"gender", &Profile::gender, claim_syntax::is_line},
    {"birthdate", &Profile::birthdate, claim_syntax::is_birthdate},
    {"zoneinfo", &Profile::zoneinfo, claim_syntax::is_zone},
};

/// ZITADEL's number for the word; every other word is its `diverse` and stays in the profile.
void settle_gender(User& user, Profile& profile) {
  constexpr int unspecified = 0;
  constexpr int female = 1;
  constexpr int male = 2;
  constexpr int diverse = 3;
  if (profile.gender.empty()) {
    user.gender = unspecified;
  } else if (profile.gender == "female" || profile.gender == "male") {
    user.gender = profile.gender == "female" ? female : male;
    profile.gender.clear();
  } else {
    user.gender = diverse;
  }
}

/// What a document says, on copies of what is there.
struct Reading {
  User user;
  Profile profile;
  std::optional<std::string> email = {};  ///< empty: to be removed
  std::optional<bool> email_verified = {};
  std::optional<bool> phone_verified = {};
};

base::Result<void> read_claim(Reading& reading, std::string_view name, const json::value& value) {
  const auto in_user = std::ranges::find(user_claims, name, &UserClaim::name);
  if (in_user != std::end(user_claims)) {
    auto text = read_text(name, value, in_user->is_good);
    if (!text) return std::unexpected(std::move(text.error()));
    reading.user.*(in_user->member) = std::move(*text);
    return {};
  }
  const auto in_profile = std::ranges::find(profile_claims, name, &ProfileClaim::name);
  if (in_profile != std::end(profile_claims)) {
    auto text = read_text(name, value, in_profile->is_good);
    if (!text) return std::unexpected(std::move(text.error()));
    reading.profile.*(in_profile->member) = std::move(*text).value_or("");
    if (name == "gender") settle_gender(reading.user, reading.profile);
    return {};
  }
  if (name == "address") {
    auto address = read_address(value);
    if (!address) return std::unexpected(std::move(address.error()));
    reading.profile.address = std::move(*address);
    return {};
  }
  if (name == "email") {
    auto text = read_text(
        name, value, [](std::string_view address) { return base::email_key(address).has_value(); });
    if (!text) return std::unexpected(std::move(text.error()));
    reading.email = std::move(*text).value_or("");
    return {};
  }
  if (name != "email_verified" && name != "phone_number_verified") return unknown(name);
  const auto flag = read_flag(name, value);
  if (!flag) return std::unexpected(flag.error());
  (name == "email_verified" ? reading.email_verified : reading.phone_verified) = *flag;
  return {};
}

}  // namespace

base::Result<void> apply_standard_claims(store::Transaction& tx, User& user, Profile& profile,
                                         const json::object& document, base::Time now) {
  Reading reading{user, profile};
  for (const auto& [name, value] : document) {
    if (auto read = read_claim(reading, name, value); !read) return read;
  }
  // Another number is not verified because the former one was.
  if (reading.user.phone != user.phone) reading.user.phone_verified = 0;
  if (reading.phone_verified) reading.user.phone_verified = *reading.phone_verified ? 1 : 0;
  // Nothing can be said of a number or an address that is not there.
  if (!reading.user.phone && reading.user.phone_verified != 0) {
    return malformed("phone_number_verified");
  }
  if (reading.email_verified && !reading.email) return malformed("email_verified");
  user = std::move(reading.user);
  profile = std::move(reading.profile);
  if (reading.email) {
    const bool vouched = reading.email_verified.value_or(false);
    assert_email(tx, user, *reading.email, vouched ? EmailState::asserted : EmailState::unproved,
                 now);
  }
  return {};
}

}  // namespace vestibule::accounts
