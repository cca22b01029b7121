#include "accounts/metadata.h"

#include "base/text.h"

namespace vestibule::accounts {
namespace {

constexpr std::size_t longest_key = 200;
constexpr std::size_t longest_value = 500'000;

const store::Statement upsert{
    "user_metadata.set",
    "insert into user_metadata (user_id, key, value, created_at, changed_at) "
    "values ($1, $2, $3, $4, $4) on conflict (user_id, key) do update set "
    "value = excluded.value, changed_at = excluded.changed_at"};
const store::Statement select_all{
    "user_metadata.list",
    "select key, value, created_at, changed_at from user_metadata where user_id = $1 "
    "order by key"};
const store::Statement delete_one{"user_metadata.delete",
                                  "delete from user_metadata where user_id = $1 and key = $2"};
const store::Statement delete_range{
    "user_metadata.delete_prefix",
    "delete from user_metadata where user_id = $1 and key >= $2 and key < $3"};
const store::Statement select_range{
    "user_metadata.find_by_prefix",
    "select key, user_id from user_metadata where (key, user_id) > ($1, $2) and key < $3 "
    "order by key, user_id limit $4"};

// The least text above every text that begins with `prefix`, which is not empty.
std::string end_of_prefix(std::string_view prefix) {
  std::string end{prefix};
  const auto last = static_cast<unsigned char>(end.back());
  if (last < 0x7fU) {
    end.back() = static_cast<char>(last + 1U);
  } else {
    end += "\xf4\x8f\xbf\xbf";  // U+10FFFF: the text stays well-formed
  }
  return end;
}

}  // namespace

base::Result<void> check_metadata(std::string_view key, std::string_view value) {
  const auto length = base::count_code_points(key);
  if (!length || *length == 0 || *length > longest_key || base::has_control_character(key)) {
    return base::fail(base::ErrorKind::invalid, "metadata_key",
                      "A metadata key has 1 to 200 characters and no control characters.", "key");
  }
  if (value.empty() || value.size() > longest_value) {
    return base::fail(base::ErrorKind::invalid, "metadata_value",
                      "A metadata value has 1 to 500000 bytes.", "value");
  }
  return {};
}

void set_metadata(store::Transaction& tx, base::UserId user, std::string_view key,
                  std::string_view value, base::Time now) {
  tx.execute(upsert, user, key, store::Blob{value}, now);
}

std::vector<Metadata> list_metadata(store::Transaction& tx, base::UserId user) {
  std::vector<Metadata> all;
  auto rows = tx.query(select_all, user);
  while (rows.next()) {
    all.push_back({.key = std::string(rows.text(0)),
                   .value = std::string(rows.blob(1)),
                   .created_at = rows.time(2),
                   .changed_at = rows.time(3)});
  }
  return all;
}

bool delete_metadata(store::Transaction& tx, base::UserId user, std::string_view key) {
  return tx.execute(delete_one, user, key) > 0;
}

void delete_metadata_by_prefix(store::Transaction& tx, base::UserId user, std::string_view prefix) {
  tx.execute(delete_range, user, prefix, end_of_prefix(prefix));
}

std::vector<Tagged> find_by_metadata_prefix(store::Transaction& tx, std::string_view prefix,
                                            const std::optional<Tagged>& after, int limit) {
  const std::string end = end_of_prefix(prefix);
  // Ids are never negative: the first page begins just below the prefix itself.
  const Tagged from = after ? *after : Tagged{std::string(prefix), base::UserId{-1}};
  std::vector<Tagged> found;
  auto rows = tx.query(select_range, from.key, from.user, end, limit);
  while (rows.next()) {
    found.push_back({.key = std::string(rows.text(0)), .user = rows.id<base::UserId>(1)});
  }
  return found;
}

}  // namespace vestibule::accounts
