#include "store/sqlite/reader_pool.h"

#include <chrono>
#include <stdexcept>
#include <utility>

#include "store/store.h"

namespace vestibule::store::sqlite {

struct ReaderPool::Reader final : Transaction {
  explicit Reader(const Connection::Settings& settings)
      : connection(settings, Connection::Mode::reader),
        begin(connection, "begin"),
        commit(connection, "commit") {}

  void after_commit(std::move_only_function<void()>) override {
    throw std::logic_error("after_commit in a transaction that only reads");
  }
  Cursor* start(const Statement& statement, std::span<const Value> parameters) override {
    return connection.start(statement, parameters);
  }
  std::int64_t change(const Statement& statement, std::span<const Value> parameters) override {
    return connection.change(statement, parameters);
  }

  /// Ends the snapshot, however the unit left it; false if the connection is not fit for another.
  bool finish() noexcept {
    connection.close_cursors();
    if (connection.in_transaction()) commit.attempt();
    return !connection.broken() && !connection.in_transaction();
  }

  Connection connection;
  Control begin;
  Control commit;
};

class ReaderPool::Lease {
 public:
  explicit Lease(ReaderPool& pool) : pool_(pool), reader_(pool.take()) {}
  ~Lease() { pool_.give_back(std::move(reader_)); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  Reader& operator*() { return *reader_; }

 private:
  ReaderPool& pool_;
  std::unique_ptr<Reader> reader_;
};

ReaderPool::ReaderPool(Connection::Settings settings, std::size_t most)
    : settings_(std::move(settings)), most_(most) {}

ReaderPool::~ReaderPool() = default;

void ReaderPool::read(const std::function<void(Transaction&)>& unit) {
  Lease lease(*this);
  auto& reader = *lease;
  reader.begin();
  unit(reader);
}

std::unique_ptr<ReaderPool::Reader> ReaderPool::take() {
  {
    std::unique_lock lock(mutex_);
    const bool there = returned_.wait_for(lock, std::chrono::seconds(10),
                                          [&] { return !free_.empty() || made_ < most_; });
    if (!there) throw Unavailable("too many reads at once");
    if (!free_.empty()) {
      auto reader = std::move(free_.back());
      free_.pop_back();
      return reader;
    }
    ++made_;
  }
  try {
    return std::make_unique<Reader>(settings_);
  } catch (...) {
    give_back(nullptr);
    throw;
  }
}

void ReaderPool::give_back(std::unique_ptr<Reader> reader) noexcept {
  if (reader && !reader->finish()) reader.reset();
  {
    const std::lock_guard lock(mutex_);
    if (reader) {
      free_.push_back(std::move(reader));
    } else {
      --made_;
    }
  }
  returned_.notify_one();
}

}  // namespace vestibule::store::sqlite
