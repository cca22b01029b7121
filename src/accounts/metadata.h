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

/// Users that have a key beginning with `prefix`, by id, those after `after`; at most `limit`.
std::vector<base::UserId> find_users_by_metadata_prefix(store::Transaction& tx,
                                                        std::string_view prefix, base::UserId after,
                                                        int limit);

}  // namespace vestibule::accounts
