#include "store/transaction.h"

#include <stdexcept>

namespace vestibule::store {

base::Uuid Rows::uuid(int column) const {
  const auto id = base::Uuid::from_bytes(blob(column));
  if (!id) throw std::runtime_error("a column that holds a 16-byte id has another length");
  return *id;
}

}  // namespace vestibule::store
