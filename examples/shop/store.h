#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace vestibule::shop {

/// A value bound to a statement.
using Value = std::variant<std::int64_t, std::string_view>;

/// A prepared statement with its arguments bound, read row by row. Lives no longer than the
/// transaction that made it. Columns are counted from 0.
class Rows {
 public:
  Rows(sqlite3* db, const char* sql, std::initializer_list<Value> arguments);
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  ~Rows();

  /// Steps to the next row; false when there is none.
  bool next();
  std::int64_t integer(int column) const;
  std::string text(int column) const;

 private:
  sqlite3* db_;
  sqlite3_stmt* statement_ = nullptr;
};

class Store;

/// One SQLite transaction. It is rolled back unless `commit` is called, and when `commit` returns
/// the data is on disk (WAL with synchronous=FULL), so an answer sent afterwards is a promise kept.
/// Nothing may be run after `commit`.
class Transaction {
 public:
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  /// Runs a statement that returns no rows; answers how many rows it changed. The SQL is a literal
  /// and everything that comes from outside is an argument.
  std::int64_t run(const char* sql, std::initializer_list<Value> arguments = {});
  Rows query(const char* sql, std::initializer_list<Value> arguments = {});
  /// The first column of the first row as text, if there is a row.
  std::optional<std::string> find_text(const char* sql, std::initializer_list<Value> arguments);
  void commit();

 private:
  friend class Store;
  Transaction(Store& store, const char* begin);
  Store& store_;
  std::unique_lock<std::mutex> lock_;
  bool open_ = true;
};

/// The shop's own database: one file, one connection, one transaction at a time. That is plenty for
/// a demo; what matters here is that each request is one transaction.
/// Lost disks and broken files are exceptions (std::runtime_error); nothing else is.
class Store {
 public:
  /// Opens or creates DIR/shop.sqlite and brings its tables up to date.
  explicit Store(const std::filesystem::path& directory);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  ~Store();

  /// A transaction that only reads.
  Transaction read();
  /// A transaction that may write anything: the webhook handler's.
  Transaction write();
  /// A transaction that writes data of `sub`. Refused as `conflict` when that sub has been ended by
  /// a webhook ("merged" or "purged"): a request that was already on its way when its sub was
  /// merged or dropped must neither get lost silently nor bring a dead cart back to life.
  base::Result<std::unique_ptr<Transaction>> write_for(std::string_view sub);

 private:
  friend class Transaction;
  sqlite3* db_ = nullptr;
  std::mutex mutex_;
};

}  // namespace vestibule::shop
