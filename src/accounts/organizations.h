#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "store/transaction.h"

namespace vestibule::accounts {

struct Organization {
  base::OrganizationId id;
  std::string name;
  std::string primary_domain;
  base::Time created_at;
};
void insert_organization(store::Transaction& tx, const Organization& organization);
std::optional<Organization> find_organization(store::Transaction& tx, base::OrganizationId id);

/// Facts about the installation that are made once: names of meta rows are in the .cpp files of
/// their users. Empty: not set.
std::optional<std::string> find_meta(store::Transaction& tx, std::string_view key);
void set_meta(store::Transaction& tx, std::string_view key, std::string_view value);

}  // namespace vestibule::accounts
