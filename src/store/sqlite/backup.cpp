#include "store/backup.h"

#include <sqlite3.h>

#include <memory>

#include "store/sqlite/connection.h"
#include "store/sqlite/error.h"
#include "store/sqlite/reader_pool.h"
#include "store/store.h"

namespace vestibule::store {
namespace {

using sqlite::Connection;

// 1 MiB: about a millisecond, after which the caller is told how far it is.
constexpr int pages_a_step = 256;

constexpr Statement integrity{"backup.integrity", "pragma integrity_check(100)"};
constexpr Statement count_migrations{
    "backup.schema_table", "select 1 from sqlite_schema where name = 'schema_migrations'"};
constexpr Statement newest_migration{"backup.schema_version",
                                     "select coalesce(max(version), 0) from schema_migrations"};
constexpr Statement find_number{"backup.last_number",
                                "select seq from sqlite_sequence where name = $1"};
constexpr Statement raise_number{
    "backup.raise_last_number", "update sqlite_sequence set seq = $2 where name = $1 and seq < $2"};
constexpr Statement insert_number{"backup.insert_last_number",
                                  "insert into sqlite_sequence (name, seq) select $1, $2 "
                                  "where not exists (select 1 from sqlite_sequence "
                                  "where name = $1)"};

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

void run(sqlite3* database, const char* sql, std::string_view what) {
  const int code = sqlite3_exec(database, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) sqlite::raise(database, code, what);
}

// The copy is worth nothing before it is complete, so that one fsync at its end is enough.
Database make_target(const std::filesystem::path& path) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(
      path.c_str(), &opened,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
      nullptr);
  Database target{opened};
  if (code != SQLITE_OK) sqlite::raise(opened, code, path.string());
  run(opened, "pragma synchronous = off; pragma journal_mode = off; pragma cache_size = -1024",
      path.string());
  return target;
}

bool copy_pages(sqlite3* source, sqlite3* target, const CopyProgress& progress) {
  sqlite3_backup* const backup = sqlite3_backup_init(target, "main", source, "main");
  if (backup == nullptr) sqlite::raise(target, sqlite3_errcode(target), "begin the copy");
  int code = SQLITE_OK;
  bool wanted = true;
  while (code == SQLITE_OK && wanted) {
    code = sqlite3_backup_step(backup, pages_a_step);
    const int total = sqlite3_backup_pagecount(backup);
    wanted = progress(total - sqlite3_backup_remaining(backup), total);
  }
  sqlite3_backup_finish(backup);
  if (code != SQLITE_DONE && code != SQLITE_OK) sqlite::raise(target, code, "copy the database");
  return code == SQLITE_DONE;
}

}  // namespace

bool copy_database(const std::filesystem::path& source, const std::filesystem::path& target,
                   const CopyProgress& progress) {
  Connection reader({.path = source, .vfs = {}}, Connection::Mode::reader);
  // The snapshot of the whole copy: without it each write by others would begin the copy anew.
  reader.run("begin", "begin the copy");
  reader.ask("select count(*) from sqlite_schema");
  const auto copy = make_target(target);
  const bool complete = copy_pages(reader.handle(), copy.get(), progress);
  reader.run("rollback", "end the copy");
  if (!complete) return false;
  // Without a WAL, the file is all there is; the change of mode writes its header durably.
  run(copy.get(), "pragma synchronous = full; pragma journal_mode = delete", target.string());
  return true;
}

void inspect_database(const std::filesystem::path& file,
                      const std::function<void(Transaction&)>& unit) {
  if (!std::filesystem::exists(file)) throw Unavailable(file.string() + " is not there");
  sqlite::ReaderPool reader({.path = file, .vfs = {}}, 1);
  reader.read(unit);
}

std::vector<std::string> check_integrity(Transaction& tx) {
  std::vector<std::string> found;
  auto rows = tx.query(integrity);
  while (rows.next()) {
    if (rows.text(0) != "ok") found.emplace_back(rows.text(0));
  }
  return found;
}

int schema_version(Transaction& tx) {
  if (!tx.query(count_migrations).next()) return 0;
  auto rows = tx.query(newest_migration);
  return rows.next() ? static_cast<int>(rows.integer(0)) : 0;
}

std::int64_t last_number(Transaction& tx, std::string_view table) {
  auto rows = tx.query(find_number, table);
  return rows.next() ? rows.integer(0) : 0;
}

void raise_last_number(Transaction& tx, std::string_view table, std::int64_t number) {
  tx.execute(raise_number, table, number);
  tx.execute(insert_number, table, number);
}

}  // namespace vestibule::store
