#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "store/sqlite/connection.h"

namespace vestibule::store::sqlite {

/// Copies the WAL's pages into the database file on a thread and connection of its own, while the
/// writer goes on. What it cannot do is to catch up with a writer that never rests; the last few
/// pages, after which the WAL starts again from its beginning, are the writer's to copy.
class Checkpointer {
 public:
  explicit Checkpointer(Connection::Settings settings);
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  /// Asks for a checkpoint and returns at once. One that fails is logged and loses nothing: the
  /// pages stay in the WAL until the next succeeds.
  void request();
  /// True while one is asked for or under way.
  bool busy() const;

 private:
  void work();
  void checkpoint();

  const Connection::Settings settings_;
  std::unique_ptr<Connection> connection_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool requested_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

/// Copies what it can without waiting for anybody. Throws Unavailable.
void checkpoint_passively(Connection& connection);

}  // namespace vestibule::store::sqlite
