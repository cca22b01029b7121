#pragma once

#include <sqlite3.h>

#include <string>
#include <string_view>

namespace vestibule::store::sqlite {

/// Throws what the contract of Transaction asks for: ConstraintViolation when a constraint
/// refused, std::logic_error when the SQL or its use is wrong, Unavailable for everything that is
/// the fault of the disk, the file or the moment. `what` names the statement or the step.
[[noreturn]] void raise(sqlite3* database, int code, std::string_view what);

/// True for errors after which nothing that the connection believes can be trusted: a read, write
/// or fsync that failed, a file that is damaged or gone.
bool breaks_connection(int code);

}  // namespace vestibule::store::sqlite
