#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/sqlite/prepared.h"

namespace vestibule::store::sqlite {

/// One connection to the file with its prepared statements. Used by one thread at a time.
class Connection {
 public:
  enum class Mode { writer, reader };
  struct Settings {
    std::filesystem::path path;
    std::string vfs;
    int cache_kib = 2048;
    std::int64_t max_pages = 0;
  };

  /// Opens the file and sets it up: WAL and durable commits for a writer, which makes the file if
  /// it is not there; no writes at all for a reader. Throws Unavailable.
  Connection(const Settings& settings, Mode mode);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  sqlite3* handle() const { return handle_.get(); }
  Mode mode() const { return mode_; }
  /// True once an error has said that the connection cannot be trusted any more.
  bool broken() const { return broken_; }
  bool in_transaction() const { return sqlite3_get_autocommit(handle()) == 0; }
  /// Throws Unavailable outside of a transaction: after SQLite gave one up on its own, each
  /// further statement would commit by itself.
  void require_transaction() const;

  /// Throws if `code` is an error, and takes note of one that breaks the connection.
  void check(int code, std::string_view what);
  /// Runs SQL that is not a unit's: BEGIN, pragmas, a migration. Throws as a query does.
  void run(const char* sql, std::string_view what);
  /// The integer that a pragma or count answers.
  std::int64_t ask(const char* sql);

  Cursor* start(const Statement& statement, std::span<const Value> parameters);
  std::int64_t change(const Statement& statement, std::span<const Value> parameters);
  /// Ends queries that are still open, which their unit should have done: true if there were any.
  bool close_cursors();
  void cursor_opened() { ++open_cursors_; }
  void cursor_closed() { --open_cursors_; }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };
  Prepared& prepared(const Statement& statement);

  Mode mode_;
  bool broken_ = false;
  int open_cursors_ = 0;
  std::unique_ptr<sqlite3, Close> handle_;
  // Copies of each statement: more than one only where a query runs inside its own rows.
  std::unordered_map<const Statement*, std::vector<std::unique_ptr<Prepared>>> statements_;
};

/// A statement of the connection itself (BEGIN, SAVEPOINT …), prepared once.
class Control {
 public:
  Control(Connection& connection, std::string_view sql);
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;
  /// Runs it. Throws Unavailable.
  void operator()();
  /// Runs it and answers SQLite's result code.
  int attempt();

 private:
  Connection& connection_;
  std::string_view sql_;
  sqlite3_stmt* handle_ = nullptr;
};

}  // namespace vestibule::store::sqlite
