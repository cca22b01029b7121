#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"

namespace vestibule::accounts {

/// The UTC day on which a guest was created. A user that has one is a guest.
struct GuestDay {
  std::chrono::sys_days day;
  auto operator<=>(const GuestDay&) const = default;

  static GuestDay of(base::Time t) { return {std::chrono::floor<std::chrono::days>(t)}; }
  /// The metadata key that shows it: `GUEST_YY_MM_DD`.
  std::string tag() const;
  /// Parses a tag; nullopt unless it is exactly one for a real day of 2000 … 2099.
  static std::optional<GuestDay> from_tag(std::string_view key);
  std::int64_t number() const { return day.time_since_epoch().count(); }
  static GuestDay from_number(std::int64_t days) {
    return {std::chrono::sys_days{std::chrono::days{days}}};
  }
};

/// Every metadata key with this prefix is reserved for tags.
inline constexpr std::string_view guest_tag_prefix = "GUEST_";

enum class UserKind { human = 1, machine = 2 };
enum class UserState { active = 1, inactive = 2, locked = 3 };
/// What is known of users.email (design.md section 2).
enum class EmailState { none = 0, unproved = 1, asserted = 2, proved = 3 };
/// The state table of a user; `gone` is the absence of one.
enum class Standing { guest, merging, account };

struct User {
  base::UserId id;
  base::OrganizationId organization;
  UserKind kind = UserKind::human;
  UserState state = UserState::active;
  std::optional<GuestDay> guest_day = {};
  std::optional<base::MergeId> merge = {};
  std::optional<std::string> chosen_subject = {};
  std::optional<std::string> username = {};
  std::optional<std::string> given_name = {};
  std::optional<std::string> family_name = {};
  std::optional<std::string> display_name = {};
  std::optional<std::string> nick_name = {};
  std::optional<std::string> preferred_language = {};
  int gender = 0;  ///< ZITADEL's numbers: 0 unspecified, 1 female, 2 male, 3 diverse
  std::optional<std::string> email = {};
  EmailState email_state = EmailState::none;
  std::optional<std::string> phone = {};
  int phone_verified = 0;
  std::int64_t sequence = 1;
  base::Time created_at;
  base::Time changed_at;
  base::Time active_at;
  base::Time valid_after = {};  ///< tokens made before are dead
  std::optional<base::Time> upgraded_at = {};
  std::optional<base::UserId> upgraded_by = {};
  std::optional<base::Time> password_changed_at = {};
  std::optional<base::ClientId> client = {};  ///< through which a guest was made; never changes

  /// The `sub` claim: the chosen id, else the decimal of the internal one.
  std::string subject() const { return chosen_subject ? *chosen_subject : base::to_string(id); }
  bool is_guest() const { return guest_day.has_value(); }
  Standing standing() const {
    if (merge) return Standing::merging;
    return is_guest() ? Standing::guest : Standing::account;
  }
  /// `name`: the display name, else given and family name.
  std::string full_name() const;
  /// `preferred_username`: the user name, else the e-mail address, else guest-SUB.
  std::string preferred_username() const;
  bool email_verified() const {
    return email_state == EmailState::asserted || email_state == EmailState::proved;
  }
};

}  // namespace vestibule::accounts
