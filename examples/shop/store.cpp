#include "store.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <memory>
#include <stdexcept>

namespace vestibule::shop {
namespace {

[[noreturn]] void lost(sqlite3* db, std::string_view doing) {
  throw std::runtime_error(
      fmt::format("shop database: {}: {}", doing, db ? sqlite3_errmsg(db) : "out of memory"));
}

void execute(sqlite3* db, const char* sql) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) lost(db, sql);
}

// Everything that belongs to somebody is keyed by `sub` and by nothing else. There is no table of
// users, no session and no password here: that is Vestibule's business.
constexpr const char* schema = R"sql(
create table if not exists cart_items (
  sub text not null, product_id text not null, quantity integer not null,
  updated_at integer not null, primary key (sub, product_id)) without rowid;
create table if not exists wishes (
  sub text not null, product_id text not null, primary key (sub, product_id)) without rowid;
create table if not exists views (
  sub text not null, product_id text not null, viewed_at integer not null,
  primary key (sub, product_id)) without rowid;
create table if not exists notes (
  sub text primary key, text text not null, updated_at integer not null) without rowid;
create table if not exists contacts (
  sub text primary key, name text not null, address text not null) without rowid;
create table if not exists orders (
  id integer primary key autoincrement, sub text not null, placed_at integer not null,
  name text not null, address text not null, note text not null, total_cents integer not null);
create index if not exists orders_by_sub on orders (sub, id);
create table if not exists order_lines (
  order_id integer not null references orders (id) on delete cascade,
  product_id text not null, quantity integer not null, price_cents integer not null,
  primary key (order_id, product_id)) without rowid;
create table if not exists merges (
  merge_id text primary key, source_sub text not null, target_sub text not null,
  merged_at integer not null) without rowid;
create table if not exists ended_subs (
  sub text primary key, how text not null, target_sub text, ended_at integer not null) without rowid;
create table if not exists webhooks (
  id text primary key, answer text not null, received_at integer not null) without rowid;
)sql";

}  // namespace

Rows::Rows(sqlite3* db, const char* sql, std::initializer_list<Value> arguments) : db_(db) {
  if (sqlite3_prepare_v2(db, sql, -1, &statement_, nullptr) != SQLITE_OK) lost(db, sql);
  int index = 0;
  for (const Value& value : arguments) {
    ++index;
    const int bound =
        std::holds_alternative<std::int64_t>(value)
            ? sqlite3_bind_int64(statement_, index, std::get<std::int64_t>(value))
            : sqlite3_bind_text64(statement_, index, std::get<std::string_view>(value).data(),
                                  std::get<std::string_view>(value).size(), SQLITE_TRANSIENT,
                                  SQLITE_UTF8);
    if (bound != SQLITE_OK) lost(db, sql);
  }
}

Rows::~Rows() {
  sqlite3_finalize(statement_);
}

bool Rows::next() {
  switch (sqlite3_step(statement_)) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      lost(db_, sqlite3_sql(statement_));
  }
}

std::int64_t Rows::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string Rows::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (!bytes) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Transaction::Transaction(Store& store, const char* begin) : store_(store), lock_(store.mutex_) {
  execute(store_.db_, begin);
}

Transaction::~Transaction() {
  if (open_) sqlite3_exec(store_.db_, "rollback", nullptr, nullptr, nullptr);
}

std::int64_t Transaction::run(const char* sql, std::initializer_list<Value> arguments) {
  Rows rows(store_.db_, sql, arguments);
  while (rows.next()) {
  }
  return sqlite3_changes64(store_.db_);
}

Rows Transaction::query(const char* sql, std::initializer_list<Value> arguments) {
  return Rows(store_.db_, sql, arguments);
}

std::optional<std::string> Transaction::find_text(const char* sql,
                                                  std::initializer_list<Value> arguments) {
  Rows rows(store_.db_, sql, arguments);
  if (!rows.next()) return std::nullopt;
  return rows.text(0);
}

void Transaction::commit() {
  execute(store_.db_, "commit");
  open_ = false;
  lock_.unlock();
}

Store::Store(const std::filesystem::path& directory) {
  std::filesystem::create_directories(directory);
  const auto file = directory / "shop.sqlite";
  if (sqlite3_open_v2(file.c_str(), &db_,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                      nullptr) != SQLITE_OK) {
    const std::string why = db_ ? sqlite3_errmsg(db_) : "out of memory";
    sqlite3_close(db_);
    throw std::runtime_error(fmt::format("{}: {}", file.string(), why));
  }
  try {
    execute(db_, "pragma busy_timeout = 5000");
    execute(db_, "pragma journal_mode = wal");
    execute(db_, "pragma synchronous = full");
    execute(db_, "pragma foreign_keys = on");
    execute(db_, schema);
  } catch (...) {
    sqlite3_close(db_);
    throw;
  }
}

Store::~Store() {
  sqlite3_close(db_);
}

Transaction Store::read() {
  return Transaction(*this, "begin");
}

Transaction Store::write() {
  return Transaction(*this, "begin immediate");
}

base::Result<std::unique_ptr<Transaction>> Store::write_for(std::string_view sub) {
  std::unique_ptr<Transaction> transaction(new Transaction(*this, "begin immediate"));
  const auto ended = transaction->find_text("select how from ended_subs where sub = ?1", {sub});
  if (!ended) return transaction;
  if (*ended == "merged")
    return base::fail(base::ErrorKind::conflict, "merged",
                      "This cart now belongs to the account you signed in to. Reload the page.");
  return base::fail(base::ErrorKind::conflict, "purged",
                    "This cart has been erased. Reload the page to start a new one.");
}

}  // namespace vestibule::shop
