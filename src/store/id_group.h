#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <stdexcept>
#include <tuple>

#include "store/transaction.h"

/// The parameters of an IdGroup, for `… in VESTIBULE_ID_GROUP`; a statement's own begin at $33.
#define VESTIBULE_ID_GROUP                                                                       \
  "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, " \
  "$21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)"

namespace vestibule::store {

/// Up to 32 ids that one statement names, so that what is done to many costs one statement a table
/// instead of one for each. What is missing is filled up with the last one, which `in` and
/// ON CONFLICT DO NOTHING do not mind.
template <class IdType>
class IdGroup {
 public:
  static constexpr std::size_t size = 32;

  /// The first ids of a range, as many as there is place for. Throws std::logic_error if there are
  /// none.
  template <class Range, class Projection = std::identity>
  explicit IdGroup(const Range& ids, Projection projection = {}) {
    for (const auto& id : ids) {
      if (count_ == size) break;
      ids_[count_++] = std::invoke(projection, id);
    }
    if (count_ == 0) throw std::logic_error("a group of ids is empty");
    std::fill(ids_.begin() + static_cast<std::ptrdiff_t>(count_), ids_.end(), ids_[count_ - 1]);
  }

  std::span<const IdType> ids() const { return {ids_.data(), count_}; }

  /// As Transaction::query; the ids are $1 to $32.
  template <class... Parameters>
  Rows query(Transaction& tx, const Statement& statement, const Parameters&... own) const {
    return std::apply([&](auto... id) { return tx.query(statement, id..., own...); }, ids_);
  }
  /// As Transaction::execute; the ids are $1 to $32.
  template <class... Parameters>
  std::int64_t execute(Transaction& tx, const Statement& statement,
                       const Parameters&... own) const {
    return std::apply([&](auto... id) { return tx.execute(statement, id..., own...); }, ids_);
  }

 private:
  std::array<IdType, size> ids_{};
  std::size_t count_ = 0;
};

}  // namespace vestibule::store
