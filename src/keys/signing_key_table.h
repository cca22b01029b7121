#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "keys/ring.h"
#include "store/transaction.h"

// The rows of signing_keys; for the .cpp files of this folder only.
namespace vestibule::keys::table {

struct Row {
  std::string kid;
  std::string algorithm;
  UseState state;
  std::string private_sealed;  ///< empty once previous
  std::string public_jwk;
  base::Time created_at;
  std::optional<base::Time> activated_at;
  std::optional<base::Time> retire_after;
};

/// All keys, oldest first.
std::vector<Row> list(store::Transaction& tx);
void insert(store::Transaction& tx, const Row& row);
/// next to current. False if the key is not (any longer) next.
bool activate(store::Transaction& tx, const std::string& kid, base::Time now);
/// current to previous, without its private half. False if the key is not (any longer) current.
bool retire(store::Transaction& tx, const std::string& kid, base::Time retire_after);
/// Previous keys whose time is over.
void erase_retired(store::Transaction& tx, base::Time now);

}  // namespace vestibule::keys::table
