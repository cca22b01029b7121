#include "store/sqlite/migrate.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <exception>
#include <string>

#include "store/store.h"

namespace vestibule::store::sqlite {
namespace {

void apply(Connection& connection, const Migration& step, base::Time now) {
  connection.run("begin exclusive", "begin a migration");
  try {
    connection.run(std::string(step.sql).c_str(), step.name);
    connection.run(fmt::format("insert into schema_migrations (version, applied_at) "
                               "values ({}, {})",
                               step.version, base::to_milliseconds(now))
                       .c_str(),
                   step.name);
    connection.run("commit", step.name);
  } catch (const std::exception& error) {
    if (connection.in_transaction()) {
      sqlite3_exec(connection.handle(), "rollback", nullptr, nullptr, nullptr);
    }
    throw Unavailable(
        fmt::format("migration {} failed and left nothing: {}", step.name, error.what()));
  }
  spdlog::debug("applied migration {}", step.name);
}

}  // namespace

void migrate(Connection& connection, std::span<const Migration> steps, base::Time now) {
  connection.run(
      "create table if not exists schema_migrations "
      "(version integer primary key, applied_at integer not null)",
      "schema_migrations");
  const auto version = connection.ask("select coalesce(max(version), 0) from schema_migrations");
  const auto known = steps.empty() ? 0 : steps.back().version;
  if (version > known) {
    throw Unavailable(fmt::format(
        "the store's schema is version {} and this program knows {}: use a newer program", version,
        known));
  }
  for (const auto& step : steps) {
    if (step.version > version) apply(connection, step, now);
  }
}

}  // namespace vestibule::store::sqlite
