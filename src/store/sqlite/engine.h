#pragma once

#include <memory>

#include "store/engine.h"
#include "store/sqlite/checkpointer.h"
#include "store/sqlite/connection.h"

namespace vestibule::store::sqlite {

/// The writing side of a SQLite file, for group commit.
class SqliteEngine final : public Engine {
 public:
  /// `connection` is open and migrated.
  SqliteEngine(Connection::Settings settings, std::unique_ptr<Connection> connection);
  ~SqliteEngine() override;

  void begin() override;
  void savepoint() override;
  void release() override;
  void rollback_to() override;
  void commit() override;
  void rollback() noexcept override;
  bool intact() const override;
  void recover() noexcept override;
  Transaction& transaction(Actions& actions) override;
  void tidy() noexcept override;

 private:
  struct Writer;
  void reopen();

  const Connection::Settings settings_;
  std::unique_ptr<Writer> writer_;
  bool fence_due_ = false;
  // Lengths of the WAL, in pages, at which the next checkpoint of either kind is due.
  int background_due_;
  int tail_due_;
  bool requested_ = false;
  Checkpointer checkpointer_;
};

}  // namespace vestibule::store::sqlite
