#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "store/sqlite/connection.h"

namespace vestibule::store::sqlite {

/// The snapshot connections: made when first needed, kept, at most as many as were allowed.
/// Thread-safe.
class ReaderPool {
 public:
  ReaderPool(Connection::Settings settings, std::size_t most);
  ~ReaderPool();

  /// Runs `unit` over one snapshot. Waits while all connections are in use; Unavailable after 10 s
  /// of that.
  void read(const std::function<void(Transaction&)>& unit);

 private:
  struct Reader;
  class Lease;
  std::unique_ptr<Reader> take();
  void give_back(std::unique_ptr<Reader> reader) noexcept;

  const Connection::Settings settings_;
  const std::size_t most_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Reader>> free_;
  std::size_t made_ = 0;
};

}  // namespace vestibule::store::sqlite
