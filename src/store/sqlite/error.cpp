#include "store/sqlite/error.h"

#include <fmt/format.h>

#include <stdexcept>

#include "store/store.h"

namespace vestibule::store::sqlite {

void raise(sqlite3* database, int code, std::string_view what) {
  // sqlite3_errmsg names tables, columns and constraints, never values.
  const auto message = fmt::format("{}: {} ({})", what, sqlite3_errmsg(database), code);
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      throw ConstraintViolation(message);
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG:
      throw std::logic_error(message);
    default:
      throw Unavailable(message);
  }
}

bool breaks_connection(int code) {
  switch (code & 0xff) {
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PROTOCOL:
    case SQLITE_NOMEM:
      return true;
    default:
      return false;
  }
}

}  // namespace vestibule::store::sqlite
