#include <fmt/format.h>

#include <exception>
#include <utility>

#include "store/directory_lock.h"
#include "store/group_commit.h"
#include "store/replacement.h"
#include "store/sqlite.h"
#include "store/sqlite/engine.h"
#include "store/sqlite/migrate.h"
#include "store/sqlite/reader_pool.h"

namespace vestibule::store {
namespace {

DirectoryLock lock_directory(const std::filesystem::path& file) {
  auto directory = file.parent_path();
  if (directory.empty()) directory = ".";
  auto lock = DirectoryLock::take(directory);
  if (!lock) throw Unavailable(lock.error().message);
  try {
    finish_replacement(file);
  } catch (const std::exception& error) {
    throw Unavailable(fmt::format("an interrupted restore cannot be completed: {}", error.what()));
  }
  return std::move(*lock);
}

class SqliteStore final : public Store {
 public:
  explicit SqliteStore(const SqliteOptions& options)
      : lock_(lock_directory(options.path)),
        readers_({options.path, options.vfs, options.reader_cache_kib, 0}, options.max_readers),
        writer_(open_engine(options), options.group_commit) {}

  void submit(Unit unit) override { writer_.submit(std::move(unit)); }
  Statistics statistics() const override { return writer_.statistics(); }

 private:
  static std::unique_ptr<Engine> open_engine(const SqliteOptions& options) {
    sqlite::Connection::Settings settings{options.path, options.vfs, options.writer_cache_kib,
                                          options.max_pages};
    auto connection =
        std::make_unique<sqlite::Connection>(settings, sqlite::Connection::Mode::writer);
    sqlite::migrate(*connection, options.migrations, options.opened_at);
    return std::make_unique<sqlite::SqliteEngine>(std::move(settings), std::move(connection));
  }

  void read_snapshot(const std::function<void(Transaction&)>& unit) override {
    readers_.read(unit);
  }

  // In this order: the writer ends first and, closing last, the lock is given up.
  DirectoryLock lock_;
  sqlite::ReaderPool readers_;
  GroupCommit writer_;
};

}  // namespace

std::unique_ptr<Store> open_sqlite(const SqliteOptions& options) {
  return std::make_unique<SqliteStore>(options);
}

}  // namespace vestibule::store
