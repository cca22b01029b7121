#pragma once

#include <sqlite3.h>

#include <span>
#include <string>
#include <vector>

#include "store/statement.h"
#include "store/transaction.h"

namespace vestibule::store::sqlite {

class Connection;

/// One prepared copy of a statement, and the cursor over its rows. It is used again and again, so
/// that a query allocates nothing once its buffers have grown.
class Prepared final : public Cursor {
 public:
  /// Throws std::logic_error when the SQL is wrong, or writes on a connection that only reads.
  Prepared(Connection& connection, const Statement& statement);
  ~Prepared() override;
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;

  bool busy() const { return busy_; }
  std::string_view sql() const { return sql_; }

  /// Binds and makes the first step, so that a write with RETURNING has happened, and errors have
  /// surfaced, when this returns. Busy until release().
  void start(std::span<const Value> parameters);
  /// Binds and runs to the end; the number of rows changed.
  std::int64_t change(std::span<const Value> parameters);

  bool next() override;
  bool is_null(int column) const override;
  std::int64_t integer(int column) const override;
  std::string_view bytes(int column) const override;
  void release() override;

 private:
  enum class Lifetime { whole_query, this_call };
  void bind(std::span<const Value> parameters, Lifetime lifetime);
  void bind_one(std::size_t position, const Value& value, std::string_view bytes);
  bool step();
  [[noreturn]] void wrong_column(int column, const char* what) const;

  Connection& connection_;
  std::string_view name_;
  std::string_view sql_;
  sqlite3_stmt* handle_ = nullptr;
  std::vector<int> positions_;  // of $1, $2 … among SQLite's own, which count by first appearance
  std::string kept_;            // text and bytes of the parameters while a query runs
  bool busy_ = false;
  bool has_row_ = false;
  bool first_ = false;
};

}  // namespace vestibule::store::sqlite
