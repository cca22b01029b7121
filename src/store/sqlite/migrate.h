#pragma once

#include <span>

#include "base/clock.h"
#include "store/migrations.h"
#include "store/sqlite/connection.h"

namespace vestibule::store::sqlite {

/// Brings the file's schema to the last of `steps`, each step in a transaction of its own with its
/// row in schema_migrations. Throws Unavailable if the file is newer than `steps`, or if a step
/// fails, which then leaves nothing.
void migrate(Connection& connection, std::span<const Migration> steps, base::Time now);

}  // namespace vestibule::store::sqlite
