#pragma once

#include <span>
#include <string_view>

namespace vestibule::store {

/// One step of the schema: a file of src/store/migrations, embedded in the binary.
struct Migration {
  int version = 0;        ///< the number that the file's name begins with: 1, 2, 3 …
  std::string_view name;  ///< the file's name without its ending
  std::string_view sql;
};

/// All steps that this binary knows, in order and without gaps.
std::span<const Migration> migrations();

}  // namespace vestibule::store
