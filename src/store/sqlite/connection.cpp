#include "store/sqlite/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "store/sqlite/error.h"
#include "store/store.h"

namespace vestibule::store::sqlite {
namespace {

void configure_library() {
  // The statistics of SQLite's allocator are guarded by one mutex for all threads. Refused, which
  // does no harm, if the library is already in use.
  static const int done = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(done);
}

}  // namespace

Connection::Connection(const Settings& settings, Mode mode) : mode_(mode) {
  configure_library();
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (mode == Mode::writer) flags |= SQLITE_OPEN_CREATE;
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(settings.path.c_str(), &opened, flags,
                                   settings.vfs.empty() ? nullptr : settings.vfs.c_str());
  handle_.reset(opened);
  check(code, settings.path.string());
  sqlite3_busy_timeout(handle(), 5000);
  run("pragma foreign_keys = off; pragma trusted_schema = off; pragma temp_store = memory;"
      "pragma mmap_size = 0",
      "set up");
  run(fmt::format("pragma cache_size = -{}", settings.cache_kib).c_str(), "set up");
  if (mode == Mode::reader) {
    run("pragma query_only = on", "set up");
    return;
  }
  // The size limit keeps a WAL that once grew from staying large; below it, its space is used
  // again, which makes commits cheaper than growing it.
  run("pragma journal_mode = wal; pragma synchronous = full;"
      "pragma journal_size_limit = 67108864",
      "set up");
  if (settings.max_pages > 0) {
    run(fmt::format("pragma max_page_count = {}", settings.max_pages).c_str(), "set up");
  }
}

void Connection::require_transaction() const {
  if (!in_transaction()) throw Unavailable("the database gave up the transaction");
}

void Connection::check(int code, std::string_view what) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
  if (breaks_connection(code)) broken_ = true;
  raise(handle(), code, what);
}

void Connection::run(const char* sql, std::string_view what) {
  check(sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr), what);
}

std::int64_t Connection::ask(const char* sql) {
  sqlite3_stmt* raw = nullptr;
  check(sqlite3_prepare_v2(handle(), sql, -1, &raw, nullptr), sql);
  const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> statement(raw,
                                                                             &sqlite3_finalize);
  check(sqlite3_step(statement.get()), sql);
  return sqlite3_column_int64(statement.get(), 0);
}

Prepared& Connection::prepared(const Statement& statement) {
  auto& copies = statements_[&statement];
  for (auto& copy : copies) {
    if (copy->sql().data() != statement.sql().data()) {
      throw std::logic_error(fmt::format("{} does not have static storage", statement.name()));
    }
    if (!copy->busy()) return *copy;
  }
  return *copies.emplace_back(std::make_unique<Prepared>(*this, statement));
}

Cursor* Connection::start(const Statement& statement, std::span<const Value> parameters) {
  auto& copy = prepared(statement);
  copy.start(parameters);
  return &copy;
}

std::int64_t Connection::change(const Statement& statement, std::span<const Value> parameters) {
  return prepared(statement).change(parameters);
}

bool Connection::close_cursors() {
  if (open_cursors_ == 0) return false;
  for (auto& [statement, copies] : statements_) {
    for (auto& copy : copies) copy->release();
  }
  return true;
}

Control::Control(Connection& connection, std::string_view sql)
    : connection_(connection), sql_(sql) {
  connection_.check(
      sqlite3_prepare_v3(connection_.handle(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &handle_, nullptr),
      sql);
}

Control::~Control() {
  sqlite3_finalize(handle_);
}

int Control::attempt() {
  const int code = sqlite3_step(handle_);
  sqlite3_reset(handle_);
  return code;
}

void Control::operator()() {
  connection_.check(attempt(), sql_);
}

}  // namespace vestibule::store::sqlite
