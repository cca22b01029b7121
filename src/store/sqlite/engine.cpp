#include "store/sqlite/engine.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <exception>
#include <stdexcept>
#include <utility>

#include "store/store.h"

namespace vestibule::store::sqlite {
namespace {

// 4 MiB of WAL start a background checkpoint; at 16 MiB the writer copies the rest itself, so that
// the WAL can start again from its beginning.
constexpr int background_pages = 1000;
constexpr int tail_pages = 4000;

}  // namespace

struct SqliteEngine::Writer final : Transaction {
  explicit Writer(std::unique_ptr<Connection> opened)
      : connection(std::move(opened)),
        begin(*connection, "begin immediate"),
        savepoint(*connection, "savepoint unit"),
        release(*connection, "release unit"),
        rollback_to(*connection, "rollback to unit"),
        commit(*connection, "commit"),
        rollback(*connection, "rollback") {
    const auto note = [](void* writer, sqlite3*, const char*, int pages) {
      static_cast<Writer*>(writer)->wal_pages = pages;
      return SQLITE_OK;
    };
    // It takes the place of SQLite's automatic checkpoints, which would run inside commits.
    sqlite3_wal_hook(connection->handle(), note, this);
  }

  void after_commit(std::move_only_function<void()> action) override {
    actions->push_back(std::move(action));
  }
  Cursor* start(const Statement& statement, std::span<const Value> parameters) override {
    return connection->start(statement, parameters);
  }
  std::int64_t change(const Statement& statement, std::span<const Value> parameters) override {
    return connection->change(statement, parameters);
  }

  std::unique_ptr<Connection> connection;
  Control begin;
  Control savepoint;
  Control release;
  Control rollback_to;
  Control commit;
  Control rollback;
  Actions* actions = nullptr;
  int wal_pages = 0;  // as of the last commit
};

SqliteEngine::SqliteEngine(Connection::Settings settings, std::unique_ptr<Connection> connection)
    : settings_(std::move(settings)),
      writer_(std::make_unique<Writer>(std::move(connection))),
      background_due_(background_pages),
      tail_due_(tail_pages),
      checkpointer_(settings_) {}

SqliteEngine::~SqliteEngine() = default;

void SqliteEngine::begin() {
  if (fence_due_ || writer_->connection->broken()) reopen();
  // Only a foreign program can hold the write lock; the busy timeout has waited for it already.
  writer_->begin();
}

void SqliteEngine::savepoint() {
  writer_->savepoint();
}

void SqliteEngine::release() {
  writer_->connection->close_cursors();
  writer_->release();
}

void SqliteEngine::rollback_to() {
  writer_->connection->close_cursors();
  writer_->rollback_to();
  writer_->release();
}

void SqliteEngine::commit() {
  constexpr int attempts = 3;
  int code = SQLITE_BUSY;
  for (int i = 0; i < attempts && code == SQLITE_BUSY; ++i) code = writer_->commit.attempt();
  // From here on the WAL may hold frames that a later recovery would take for a commit.
  if (code != SQLITE_DONE) fence_due_ = true;
  writer_->connection->check(code, "commit");
}

void SqliteEngine::rollback() noexcept {
  auto& connection = *writer_->connection;
  connection.close_cursors();
  if (connection.in_transaction()) writer_->rollback.attempt();
}

bool SqliteEngine::intact() const {
  return writer_->connection->in_transaction() && !writer_->connection->broken();
}

void SqliteEngine::recover() noexcept {
  if (!fence_due_ && !writer_->connection->broken()) return;
  fence_due_ = true;
  try {
    reopen();
  } catch (const std::exception& error) {
    spdlog::error("the store is still unusable: {}", error.what());
  }
}

// After a failed write or fsync the kernel may have dropped pages that it once said were written,
// and the WAL may end in the frames of a commit that was refused. A new connection believes none of
// it, and its first durable commit overwrites those frames: only then can they never come back.
// The old connection stays until then, so that the last valid end of the WAL remains known.
void SqliteEngine::reopen() {
  auto fresh = std::make_unique<Connection>(settings_, Connection::Mode::writer);
  fresh->run("begin immediate", "begin the fence");
  const auto version = fresh->ask("pragma user_version");
  fresh->run(fmt::format("pragma user_version = {}", (version + 1) & 0x7fffffff).c_str(),
             "write the fence");
  fresh->run("commit", "commit the fence");
  writer_ = std::make_unique<Writer>(std::move(fresh));
  fence_due_ = false;
  spdlog::warn("the store's connection was opened anew after a failure");
}

Transaction& SqliteEngine::transaction(Actions& actions) {
  writer_->actions = &actions;
  return *writer_;
}

void SqliteEngine::tidy() noexcept {
  const int pages = writer_->wal_pages;
  if (pages < background_pages) {
    // The WAL has started again.
    background_due_ = background_pages;
    tail_due_ = tail_pages;
  }
  if (checkpointer_.busy()) return;
  const bool just_ended = std::exchange(requested_, false);
  if (just_ended && pages >= tail_due_) {
    tail_due_ = pages + tail_pages;
    try {
      checkpoint_passively(*writer_->connection);
    } catch (const std::exception& error) {
      spdlog::error("a checkpoint failed and will be tried again: {}", error.what());
    }
  } else if (pages >= background_due_) {
    background_due_ = pages + background_pages;
    requested_ = true;
    checkpointer_.request();
  }
}

}  // namespace vestibule::store::sqlite
