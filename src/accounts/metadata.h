#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"
#include "store/transaction.h"

namespace vestibule::accounts {

struct Metadata {
  std::string key;
  std::string value;
  base::Time created_at;
  base::Time changed_at;
};

/// Limits of ZITADEL's API: key 1 to 200 characters, value 1 to 500,000 bytes.
base::Result<void> check_metadata(std::string_view key, std::string_view value);

void set_metadata(store::Transaction& tx, base::UserId user, std::string_view key,
                  std::string_view value, base::Time now);
std::vector<Metadata> list_metadata(store::Transaction& tx, base::UserId user);
/// True if the key was there.
bool delete_metadata(store::Transaction& tx, base::UserId user, std::string_view key);
/// Deletes every key that begins with `prefix`.
void delete_metadata_by_prefix(store::Transaction& tx, base::UserId user, std::string_view prefix);

/// A user that has a key.
struct Tagged {
  std::string key;
  base::UserId user;
};
/// Who has keys that begin with `prefix`, by key and then by user, through an index; those after
/// `after` for the next page, at most `limit`. A user with several such keys comes several times.
std::vector<Tagged> find_by_metadata_prefix(store::Transaction& tx, std::string_view prefix,
                                            const std::optional<Tagged>& after, int limit);

}  // namespace vestibule::accounts
