#include "accounts/users.h"

#include <stdexcept>
#include <utility>

#include "accounts/directory.h"
#include "accounts/users_sql.h"
#include "base/text.h"

namespace vestibule::accounts {
namespace {

constexpr std::size_t longest_subject = 200;

base::Result<void> claim_subject(store::Transaction& tx, const User& user) {
  const std::string& subject = *user.chosen_subject;
  if (auto sound = check_chosen_subject(subject); !sound) return sound;
  if (const auto decimal = base::parse_id<base::UserId>(subject)) {
    if (base::decompose(*decimal).time > base::decompose(user.id).time - id_margin) {
      return base::fail(base::ErrorKind::invalid, "id_reserved",
                        "This id may still be given to another user.", "userId");
    }
    if (tx.query(sql::id_was_used, *decimal).next()) {
      return base::fail(base::ErrorKind::already_exists, "id_taken", "User already exists",
                        "userId");
    }
  }
  return claim_name(tx, NameKind::chosen_id, subject, user.id);
}

/// The row and the user name.
base::Result<void> insert_row(store::Transaction& tx, const User& user) {
  if (user.username) {
    if (auto claimed = claim_name(tx, NameKind::username, *user.username, user.id); !claimed) {
      return claimed;
    }
  }
  const auto day = user.guest_day ? std::optional(user.guest_day->number()) : std::nullopt;
  tx.execute(sql::insert_user, user.id, user.organization, std::to_underlying(user.kind),
             std::to_underlying(user.state), day, user.merge, user.chosen_subject, user.username,
             user.given_name, user.family_name, user.display_name, user.nick_name,
             user.preferred_language, user.gender, user.email, std::to_underlying(user.email_state),
             user.phone, user.phone_verified, user.sequence, user.created_at, user.changed_at,
             user.active_at, user.valid_after, user.upgraded_at, user.upgraded_by,
             user.password_changed_at, user.client.value_or(base::ClientId{}));
  return {};
}

std::optional<base::UserId> to_optional(std::optional<std::int64_t> id) {
  return id ? std::optional(base::UserId{*id}) : std::nullopt;
}

}  // namespace

User read_user(const store::Rows& rows) {
  User user{.id = rows.id<base::UserId>(0),
            .organization = rows.id<base::OrganizationId>(1),
            .kind = static_cast<UserKind>(rows.integer(2)),
            .state = static_cast<UserState>(rows.integer(3)),
            .created_at = rows.time(19),
            .changed_at = rows.time(20),
            .active_at = rows.time(21)};
  if (const auto day = rows.optional_integer(4)) user.guest_day = GuestDay::from_number(*day);
  user.merge = rows.optional_id<base::MergeId>(5);
  user.chosen_subject = rows.optional_text(6);
  user.username = rows.optional_text(7);
  user.given_name = rows.optional_text(8);
  user.family_name = rows.optional_text(9);
  user.display_name = rows.optional_text(10);
  user.nick_name = rows.optional_text(11);
  user.preferred_language = rows.optional_text(12);
  user.gender = static_cast<int>(rows.integer(13));
  user.email = rows.optional_text(14);
  user.email_state = static_cast<EmailState>(rows.integer(15));
  user.phone = rows.optional_text(16);
  user.phone_verified = static_cast<int>(rows.integer(17));
  user.sequence = rows.integer(18);
  user.valid_after = rows.time(22);
  user.upgraded_at = rows.optional_time(23);
  user.upgraded_by = to_optional(rows.optional_integer(24));
  user.password_changed_at = rows.optional_time(25);
  if (const auto client = rows.id<base::ClientId>(26); client.value != 0) user.client = client;
  return user;
}

base::Result<void> check_chosen_subject(std::string_view subject) {
  const auto length = base::count_code_points(subject);
  if (!length || *length == 0 || *length > longest_subject ||
      base::has_control_character(subject)) {
    return base::fail(base::ErrorKind::invalid, "id_malformed",
                      "An id has 1 to 200 characters and no control characters.", "userId");
  }
  return {};
}

base::Result<void> insert_user(store::Transaction& tx, const User& user) {
  if (user.chosen_subject) {
    if (auto claimed = claim_subject(tx, user); !claimed) return claimed;
  }
  return insert_row(tx, user);
}

base::Result<void> insert_user_from_elsewhere(store::Transaction& tx, const User& user) {
  const auto claimed = claim_name(tx, NameKind::chosen_id, user.chosen_subject.value(), user.id);
  if (!claimed) return claimed;
  return insert_row(tx, user);
}

std::optional<User> find_user(store::Transaction& tx, base::UserId id) {
  auto rows = tx.query(sql::select_user, id);
  if (!rows.next()) return std::nullopt;
  return read_user(rows);
}

std::optional<User> find_user_by_subject(store::Transaction& tx, std::string_view subject) {
  if (const auto id = base::parse_id<base::UserId>(subject)) {
    if (auto user = find_user(tx, *id); user && !user->chosen_subject) return user;
  }
  const auto id = find_name(tx, NameKind::chosen_id, subject);
  return id ? find_user(tx, *id) : std::nullopt;
}

std::optional<base::UserId> resolve_subject_from_elsewhere(store::Transaction& tx,
                                                           std::string_view subject) {
  return find_name(tx, NameKind::chosen_id, subject);
}

std::optional<base::UserId> resolve_subject(store::Transaction& tx, std::string_view subject) {
  const auto decimal = base::parse_id<base::UserId>(subject);
  if (decimal) {
    if (const auto user = find_user(tx, *decimal); user && !user->chosen_subject) return user->id;
  }
  if (const auto chosen = find_name(tx, NameKind::chosen_id, subject)) return chosen;
  if (decimal && tx.query(sql::select_tombstone, *decimal).next()) return decimal;
  return std::nullopt;
}

base::Result<void> update_user(store::Transaction& tx, User& user, base::Time now) {
  std::optional<std::string> old_name;
  if (auto rows = tx.query(sql::select_username, user.id); rows.next()) {
    old_name = rows.optional_text(0);
  }
  const auto key = [](const std::optional<std::string>& name) {
    return name ? std::optional(name_key(NameKind::username, *name)) : std::nullopt;
  };
  if (key(old_name) != key(user.username)) {
    if (user.username) {
      if (auto claimed = claim_name(tx, NameKind::username, *user.username, user.id); !claimed) {
        return claimed;
      }
    }
    if (old_name) release_name(tx, NameKind::username, *old_name, user.id);
  }
  auto rows = tx.query(sql::update_user, user.id, std::to_underlying(user.state), user.username,
                       user.given_name, user.family_name, user.display_name, user.nick_name,
                       user.preferred_language, user.gender, user.email,
                       std::to_underlying(user.email_state), user.phone, user.phone_verified, now);
  if (!rows.next()) throw std::logic_error("update_user: the user is not in the store");
  user.sequence = rows.integer(0);
  user.changed_at = now;
  return {};
}

void become_account(store::Transaction& tx, User& user, std::optional<base::UserId> by,
                    base::Time now) {
  tx.execute(sql::become_account, user.id, now, by);
  user.guest_day.reset();
  user.upgraded_at = now;
  user.upgraded_by = by;
}

void change_standing(store::Transaction& tx, const sessions::Sessions& sessions, base::UserId user,
                     base::Time now) {
  sessions.end_all(tx, user, now);
  tx.execute(sql::raise_valid_after, user, now);
}

void touch(store::Transaction& tx, base::UserId user, base::Time now,
           base::Milliseconds precision) {
  tx.execute(sql::touch, user, now, now - precision);
}

}  // namespace vestibule::accounts
