#include "store/sqlite/checkpointer.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <utility>

namespace vestibule::store::sqlite {

void checkpoint_passively(Connection& connection) {
  const int code = sqlite3_wal_checkpoint_v2(connection.handle(), nullptr,
                                             SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  // Busy: another one is under way.
  if ((code & 0xff) != SQLITE_BUSY) connection.check(code, "checkpoint");
}

Checkpointer::Checkpointer(Connection::Settings settings)
    : settings_(std::move(settings)), thread_([this] { work(); }) {}

Checkpointer::~Checkpointer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Checkpointer::request() {
  {
    const std::lock_guard lock(mutex_);
    requested_ = true;
  }
  wake_.notify_one();
}

bool Checkpointer::busy() const {
  const std::lock_guard lock(mutex_);
  return requested_;
}

void Checkpointer::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return requested_ || stopping_; });
    if (stopping_) return;
    lock.unlock();
    checkpoint();
    lock.lock();
    requested_ = false;
  }
}

void Checkpointer::checkpoint() {
  try {
    if (!connection_) {
      connection_ = std::make_unique<Connection>(settings_, Connection::Mode::writer);
    }
    checkpoint_passively(*connection_);
  } catch (const std::exception& error) {
    spdlog::error("a checkpoint failed and will be tried again: {}", error.what());
    connection_.reset();
  }
}

}  // namespace vestibule::store::sqlite
