#include "store/sqlite/prepared.h"

#include <fmt/format.h>

#include <stdexcept>

#include "store/sqlite/connection.h"

namespace vestibule::store::sqlite {

Prepared::Prepared(Connection& connection, const Statement& statement)
    : connection_(connection), name_(statement.name()), sql_(statement.sql()) {
  const char* tail = nullptr;
  connection_.check(
      sqlite3_prepare_v3(connection_.handle(), sql_.data(), static_cast<int>(sql_.size()),
                         SQLITE_PREPARE_PERSISTENT, &handle_, &tail),
      statement.name());
  const std::string_view rest(tail, static_cast<std::size_t>(sql_.data() + sql_.size() - tail));
  std::string wrong;
  if (handle_ == nullptr || rest.find_first_not_of(" \t\r\n;") != std::string_view::npos) {
    wrong = "is not exactly one statement";
  } else if (connection_.mode() == Connection::Mode::reader &&
             sqlite3_stmt_readonly(handle_) == 0) {
    wrong = "writes, in a transaction that only reads";
  }
  const int count = handle_ == nullptr ? 0 : sqlite3_bind_parameter_count(handle_);
  for (int i = 1; i <= count && wrong.empty(); ++i) {
    const auto name = fmt::format("${}", i);
    positions_.push_back(sqlite3_bind_parameter_index(handle_, name.c_str()));
    if (positions_.back() == 0) wrong = fmt::format("has {} parameters but no {}", count, name);
  }
  if (!wrong.empty()) {
    sqlite3_finalize(handle_);
    throw std::logic_error(fmt::format("{} {}", name_, wrong));
  }
}

Prepared::~Prepared() {
  sqlite3_finalize(handle_);
}

void Prepared::bind(std::span<const Value> parameters, Lifetime lifetime) {
  if (parameters.size() != positions_.size()) {
    throw std::logic_error(
        fmt::format("{} takes {} parameters, not {}", name_, positions_.size(), parameters.size()));
  }
  kept_.clear();
  if (lifetime == Lifetime::whole_query) {
    for (const auto& value : parameters) kept_.append(value.bytes());
  }
  std::size_t offset = 0;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    auto bytes = parameters[i].bytes();
    if (lifetime == Lifetime::whole_query) {
      bytes = std::string_view(kept_).substr(offset, bytes.size());
      offset += bytes.size();
    }
    bind_one(i, parameters[i], bytes);
  }
}

void Prepared::bind_one(std::size_t position, const Value& value, std::string_view bytes) {
  const int index = positions_[position];
  // A null pointer would mean NULL to SQLite where an empty value is meant.
  const char* data = bytes.data() != nullptr ? bytes.data() : "";
  int code = SQLITE_OK;
  switch (value.type()) {
    case Value::Type::null:
      code = sqlite3_bind_null(handle_, index);
      break;
    case Value::Type::integer:
      code = sqlite3_bind_int64(handle_, index, value.integer());
      break;
    case Value::Type::text:
      code = sqlite3_bind_text64(handle_, index, data, bytes.size(), SQLITE_STATIC, SQLITE_UTF8);
      break;
    case Value::Type::blob:
      code = sqlite3_bind_blob64(handle_, index, data, bytes.size(), SQLITE_STATIC);
      break;
  }
  connection_.check(code, name_);
}

bool Prepared::step() {
  connection_.require_transaction();
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  try {
    connection_.check(code, name_);
  } catch (...) {
    sqlite3_reset(handle_);
    throw;
  }
  return false;
}

void Prepared::start(std::span<const Value> parameters) {
  bind(parameters, Lifetime::whole_query);
  has_row_ = step();
  first_ = true;
  busy_ = true;
  connection_.cursor_opened();
}

std::int64_t Prepared::change(std::span<const Value> parameters) {
  bind(parameters, Lifetime::this_call);
  const auto before = sqlite3_total_changes64(connection_.handle());
  while (step()) {
  }
  const auto changed = sqlite3_total_changes64(connection_.handle()) - before;
  sqlite3_reset(handle_);
  return changed;
}

bool Prepared::next() {
  if (first_) {
    first_ = false;
  } else if (has_row_) {
    has_row_ = step();
  }
  return has_row_;
}

void Prepared::wrong_column(int column, const char* what) const {
  const auto* name = sqlite3_column_name(handle_, column);
  throw std::logic_error(fmt::format("{}: column {} ({}) {}", name_, column,
                                     name != nullptr ? name : "beyond the last", what));
}

bool Prepared::is_null(int column) const {
  if (column < 0 || column >= sqlite3_column_count(handle_)) wrong_column(column, "was asked for");
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

std::int64_t Prepared::integer(int column) const {
  if (sqlite3_column_type(handle_, column) != SQLITE_INTEGER) {
    wrong_column(column, "holds no integer");
  }
  return sqlite3_column_int64(handle_, column);
}

std::string_view Prepared::bytes(int column) const {
  const int type = sqlite3_column_type(handle_, column);
  if (type != SQLITE_TEXT && type != SQLITE_BLOB) wrong_column(column, "holds no text or blob");
  const auto* data = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  if (data == nullptr) return "";
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

void Prepared::release() {
  if (!busy_) return;
  connection_.cursor_closed();
  sqlite3_reset(handle_);
  busy_ = false;
  has_row_ = false;
}

}  // namespace vestibule::store::sqlite
