#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace vestibule::http {

/// Bytes received and not yet used: one block that grows to a limit and is moved together, never
/// reallocated, while it is large enough.
class ByteBuffer {
 public:
  std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  void consume(std::size_t count) {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  /// Room for more bytes: at least one, unless `limit` bytes are held already. Invalidates views.
  std::span<char> prepare(std::size_t limit) {
    if (end_ == capacity_ && begin_ > 0) {
      std::memmove(data_.get(), data_.get() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ == capacity_ && capacity_ < limit) {
      const auto grown = std::min(limit, std::max<std::size_t>(4096, capacity_ * 4));
      auto block = std::make_unique_for_overwrite<char[]>(grown);
      std::copy_n(data_.get(), end_, block.get());
      data_ = std::move(block);
      capacity_ = grown;
    }
    return {data_.get() + end_, capacity_ - end_};
  }
  void commit(std::size_t count) { end_ += count; }
  /// Gives a large block back between messages.
  void shrink() {
    if (!empty() || capacity_ <= 4096) return;
    data_.reset();
    begin_ = end_ = capacity_ = 0;
  }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace vestibule::http
