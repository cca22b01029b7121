#include "app/user_lines.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <stdexcept>

#include "accounts/metadata.h"
#include "accounts/passwords.h"
#include "accounts/users.h"
#include "base/encoding.h"
#include "base/text.h"

namespace vestibule::app {
namespace {

namespace json = boost::json;
using accounts::EmailState;
using accounts::User;
using accounts::UserState;

/// A member that is not as it has to be.
class Malformed : public std::runtime_error {
 public:
  Malformed(std::string_view which, std::string_view what)
      : std::runtime_error(std::string(which) + ' ' + std::string(what)), member(which) {}
  const std::string member;
};

template <class Enum>
struct Word {
  Enum value;
  std::string_view word;
};
const store::Statement proved_names{
    "export.proved_names",
    "select name from directory where user_id = $1 and kind = 2 order by name"};

constexpr Word<UserState> states[] = {{UserState::active, "active"},
                                      {UserState::inactive, "inactive"},
                                      {UserState::locked, "locked"}};
constexpr Word<EmailState> email_states[] = {{EmailState::none, "none"},
                                             {EmailState::unproved, "unproved"},
                                             {EmailState::asserted, "asserted"},
                                             {EmailState::proved, "proved"}};

template <class Enum, std::size_t N>
std::string_view word_of(const Word<Enum> (&words)[N], Enum value) {
  for (const auto& word : words) {
    if (word.value == value) return word.word;
  }
  throw std::logic_error("a state without a word");
}

struct TextMember {
  const char* name;
  std::optional<std::string> User::* member;
};
constexpr TextMember texts[] = {{"username", &User::username},
                                {"given_name", &User::given_name},
                                {"family_name", &User::family_name},
                                {"display_name", &User::display_name},
                                {"nick_name", &User::nick_name},
                                {"preferred_language", &User::preferred_language},
                                {"email", &User::email},
                                {"phone", &User::phone}};

struct ProfileMember {
  const char* name;
  std::string accounts::Profile::* member;
};
constexpr ProfileMember profile_texts[] = {
    {"middle_name", &accounts::Profile::middle_name}, {"profile", &accounts::Profile::profile},
    {"picture", &accounts::Profile::picture},         {"website", &accounts::Profile::website},
    {"gender", &accounts::Profile::gender},           {"birthdate", &accounts::Profile::birthdate},
    {"zoneinfo", &accounts::Profile::zoneinfo}};
struct AddressMember {
  const char* name;
  std::string accounts::PostalAddress::* member;
};
constexpr AddressMember address_texts[] = {
    {"formatted", &accounts::PostalAddress::formatted},
    {"street_address", &accounts::PostalAddress::street_address},
    {"locality", &accounts::PostalAddress::locality},
    {"region", &accounts::PostalAddress::region},
    {"postal_code", &accounts::PostalAddress::postal_code},
    {"country", &accounts::PostalAddress::country}};

json::object profile_json(const accounts::Profile& profile) {
  json::object out;
  for (const auto& [name, member] : profile_texts) {
    if (!(profile.*member).empty()) out[name] = profile.*member;
  }
  json::object address;
  for (const auto& [name, member] : address_texts) {
    if (!(profile.address.*member).empty()) address[name] = profile.address.*member;
  }
  if (!address.empty()) out["address"] = std::move(address);
  return out;
}

/// The members of one object, with errors that name them.
class Members {
 public:
  explicit Members(const json::object& object) : object_(object) {}

  const json::value* find(std::string_view name) const { return object_.if_contains(name); }

  std::optional<std::string> text(std::string_view name) const {
    const auto* value = find(name);
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (!value->is_string()) throw Malformed(name, "has to be text");
    std::string out(value->as_string());
    if (!base::count_code_points(out) || base::has_control_character(out)) {
      throw Malformed(name, "has to be text without control characters");
    }
    return out;
  }
  std::string required(std::string_view name) const {
    auto found = text(name);
    if (!found) throw Malformed(name, "is missing");
    return *std::move(found);
  }
  std::int64_t integer(std::string_view name, std::int64_t absent) const {
    const auto* value = find(name);
    if (value == nullptr) return absent;
    if (!value->is_int64()) throw Malformed(name, "has to be a whole number");
    return value->as_int64();
  }
  std::optional<base::Time> time(std::string_view name) const {
    const auto* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_int64() || value->as_int64() < 0 || value->as_int64() > latest) {
      throw Malformed(name, "has to be milliseconds since 1970");
    }
    return base::from_milliseconds(value->as_int64());
  }
  template <class Enum, std::size_t N>
  Enum word(std::string_view name, const Word<Enum> (&words)[N], Enum absent) const {
    const auto given = text(name);
    if (!given) return absent;
    for (const auto& word : words) {
      if (word.word == *given) return word.value;
    }
    throw Malformed(name, "is no such word: " + *given);
  }

 private:
  static constexpr std::int64_t latest = 4'102'444'800'000;  // 2100
  const json::object& object_;
};

User read_user(const Members& in) {
  User user;
  const auto id = base::parse_id<base::UserId>(in.required("id"));
  if (!id || id->value == 0) throw Malformed("id", "has to be the decimal of an id");
  user.id = *id;
  user.chosen_subject = in.text("sub");
  if (user.chosen_subject == base::to_string(user.id)) user.chosen_subject.reset();
  user.state = in.word("state", states, UserState::active);
  if (const auto tag = in.text("guest_day")) {
    user.guest_day = accounts::GuestDay::from_tag(*tag);
    if (!user.guest_day) throw Malformed("guest_day", "has to be like GUEST_26_11_25");
  }
  for (const auto& [name, member] : texts) user.*member = in.text(name);
  user.email_state = in.word("email_state", email_states, EmailState::none);
  if (user.email.has_value() == (user.email_state == EmailState::none)) {
    throw Malformed("email_state", "does not fit to the address");
  }
  if (user.email && !base::email_key(*user.email)) throw Malformed("email", "is no address");
  user.gender = static_cast<int>(in.integer("gender", 0));
  if (user.gender < 0 || user.gender > 3) throw Malformed("gender", "has to be 0 to 3");
  user.phone_verified = in.integer("phone_verified", 0) != 0 ? 1 : 0;
  const auto created = in.time("created_at");
  if (!created) throw Malformed("created_at", "is missing");
  user.created_at = *created;
  user.changed_at = in.time("changed_at").value_or(*created);
  user.active_at = in.time("active_at").value_or(*created);
  user.upgraded_at = in.time("upgraded_at");
  if (const auto client = in.text("client_id")) {
    user.client = base::parse_id<base::ClientId>(*client);
    if (!user.client) throw Malformed("client_id", "has to be a decimal");
  }
  if (user.is_guest() && user.email) throw Malformed("email", "cannot be a guest's");
  return user;
}

accounts::Profile read_profile(const Members& in) {
  accounts::Profile profile;
  const auto* value = in.find("profile");
  if (value == nullptr) return profile;
  if (!value->is_object()) throw Malformed("profile", "has to be an object");
  const Members members(value->as_object());
  for (const auto& [name, member] : profile_texts) {
    profile.*member = members.text(name).value_or("");
  }
  const auto* address = members.find("address");
  if (address == nullptr) return profile;
  if (!address->is_object()) throw Malformed("profile.address", "has to be an object");
  const Members parts(address->as_object());
  for (const auto& [name, member] : address_texts) {
    profile.address.*member = parts.text(name).value_or("");
  }
  return profile;
}

std::vector<std::pair<std::string, std::string>> read_metadata(const Members& in) {
  std::vector<std::pair<std::string, std::string>> metadata;
  const auto* value = in.find("metadata");
  if (value == nullptr) return metadata;
  if (!value->is_object()) throw Malformed("metadata", "has to be an object");
  for (const auto& [key, encoded] : value->as_object()) {
    const auto bytes = encoded.is_string() ? base::from_base64(encoded.as_string()) : std::nullopt;
    if (!bytes || !accounts::check_metadata(key, *bytes)) {
      throw Malformed("metadata", "has a key or value that is not allowed");
    }
    metadata.emplace_back(key, *bytes);
  }
  return metadata;
}

std::optional<UserLine::Password> read_password(const Members& in, base::Time created_at) {
  const auto* value = in.find("password");
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) throw Malformed("password", "has to be an object");
  const Members members(value->as_object());
  UserLine::Password password{.phc = members.required("hash"),
                              .changed_at = members.time("changed_at").value_or(created_at),
                              .renewal_due = members.integer("renewal_due", 0) != 0};
  if (!is_usable_hash(password.phc)) {
    throw Malformed("password",
                    "has a hash that is not Argon2id in PHC form, within 1 GiB, 20 "
                    "passes and 16 lanes: it could not be checked");
  }
  return password;
}

std::vector<std::string> read_proved(const Members& in, const User& user) {
  std::vector<std::string> proved;
  if (const auto* value = in.find("proved_emails")) {
    if (!value->is_array()) throw Malformed("proved_emails", "has to be a list");
    for (const auto& item : value->as_array()) {
      const auto key = item.is_string() ? base::email_key(item.as_string()) : std::nullopt;
      if (!key) throw Malformed("proved_emails", "has something that is no address");
      proved.push_back(*key);
    }
  }
  if (user.email_state == EmailState::proved &&
      std::ranges::find(proved, *base::email_key(*user.email)) == proved.end()) {
    throw Malformed("proved_emails", "lacks the proved address");
  }
  if (user.is_guest() && !proved.empty()) throw Malformed("proved_emails", "cannot be a guest's");
  return proved;
}

/// `guest_day` and a tag say the same, or neither is there.
void require_tag(const UserLine& line) {
  for (const auto& [key, value] : line.metadata) {
    if (!key.starts_with(accounts::guest_tag_prefix)) continue;
    if (line.user.guest_day && key == line.user.guest_day->tag()) continue;
    throw Malformed("metadata", "has the guest tag " + key + " of another user");
  }
}

bool take_number(std::string_view& text, std::string_view name, unsigned most) {
  if (!text.starts_with(name)) return false;
  text.remove_prefix(name.size());
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value == 0 || value > most) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool is_base64_part(std::string_view text, std::size_t least) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return text.size() >= least && text.find_first_not_of(letters) == std::string_view::npos;
}

}  // namespace

UserLine read_line(store::Transaction& tx, const User& user) {
  UserLine line{.user = user, .profile = accounts::find_profile(tx, user.id)};
  for (auto& item : accounts::list_metadata(tx, user.id)) {
    // What is left of a guest's tag after an upgrade by ZITADEL's calls is nobody's.
    if (item.key.starts_with(accounts::guest_tag_prefix) && !user.is_guest()) continue;
    line.metadata.emplace_back(std::move(item.key), std::move(item.value));
  }
  if (auto phc = accounts::find_password_hash(tx, user.id)) {
    line.password =
        UserLine::Password{.phc = *std::move(phc),
                           .changed_at = user.password_changed_at.value_or(user.created_at),
                           .renewal_due = accounts::is_renewal_due(tx, user.id)};
  }
  auto rows = tx.query(proved_names, user.id);
  while (rows.next()) line.proved_emails.emplace_back(rows.text(0));
  return line;
}

json::object to_json(const UserLine& line) {
  const auto& user = line.user;
  json::object out{{"id", base::to_string(user.id)},
                   {"sub", user.subject()},
                   {"state", word_of(states, user.state)}};
  if (user.guest_day) out["guest_day"] = user.guest_day->tag();
  for (const auto& [name, member] : texts) {
    if (user.*member) out[name] = *(user.*member);
  }
  out["email_state"] = word_of(email_states, user.email_state);
  if (!line.proved_emails.empty()) {
    out["proved_emails"] = json::array(line.proved_emails.begin(), line.proved_emails.end());
  }
  if (user.gender != 0) out["gender"] = user.gender;
  if (user.phone_verified != 0) out["phone_verified"] = 1;
  out["created_at"] = base::to_milliseconds(user.created_at);
  out["changed_at"] = base::to_milliseconds(user.changed_at);
  out["active_at"] = base::to_milliseconds(user.active_at);
  if (user.upgraded_at) out["upgraded_at"] = base::to_milliseconds(*user.upgraded_at);
  if (user.client) out["client_id"] = base::to_string(*user.client);
  if (!line.profile.empty()) out["profile"] = profile_json(line.profile);
  if (!line.metadata.empty()) {
    json::object metadata;
    for (const auto& [key, value] : line.metadata) metadata[key] = base::to_base64(value);
    out["metadata"] = std::move(metadata);
  }
  if (line.password) {
    out["password"] = {{"hash", line.password->phc},
                       {"changed_at", base::to_milliseconds(line.password->changed_at)},
                       {"renewal_due", line.password->renewal_due ? 1 : 0}};
  }
  return out;
}

base::Result<UserLine> parse_line(std::string_view text) {
  const auto refuse = [](std::string what, std::string member) {
    return base::fail(base::ErrorKind::invalid, "line_malformed", std::move(what),
                      std::move(member));
  };
  boost::system::error_code broken;
  const auto document = json::parse(text, broken);
  if (broken || !document.is_object()) return refuse("it is not one JSON object", "");
  try {
    const Members in(document.as_object());
    UserLine line{.user = read_user(in)};
    line.profile = read_profile(in);
    line.proved_emails = read_proved(in, line.user);
    line.metadata = read_metadata(in);
    line.password = read_password(in, line.user.created_at);
    if (line.password) line.user.password_changed_at = line.password->changed_at;
    if (line.password && line.user.is_guest()) throw Malformed("password", "cannot be a guest's");
    require_tag(line);
    return line;
  } catch (const Malformed& malformed) {
    return refuse(malformed.what(), malformed.member);
  }
}

bool is_usable_hash(std::string_view phc) {
  constexpr unsigned most_kib = 1024 * 1024;
  constexpr unsigned most_passes = 20;
  constexpr unsigned most_lanes = 16;
  constexpr std::string_view prefix = "$argon2id$v=19$";
  if (!phc.starts_with(prefix)) return false;
  phc.remove_prefix(prefix.size());
  if (!take_number(phc, "m=", most_kib) || !take_number(phc, ",t=", most_passes) ||
      !take_number(phc, ",p=", most_lanes) || !phc.starts_with('$')) {
    return false;
  }
  phc.remove_prefix(1);
  const auto middle = phc.find('$');
  return middle != std::string_view::npos && is_base64_part(phc.substr(0, middle), 11) &&
         is_base64_part(phc.substr(middle + 1), 16);
}

}  // namespace vestibule::app
