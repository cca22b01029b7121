#pragma once

#include <array>

#include "store/migrations.h"

namespace vestibule::store {

/// The table of the contract suite, in SQLite's words.
inline constexpr std::array items_schema{Migration{
    1, "0001_items", "create table items (id integer primary key, word text, bytes blob);"}};

}  // namespace vestibule::store
