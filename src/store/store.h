#pragma once

#include <exception>
#include <expected>
#include <functional>
#include <future>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "store/statistics.h"
#include "store/transaction.h"

namespace vestibule::store {

/// The store cannot be used now (disk full, lost connection, shutting down). The unit did not
/// happen. Edges answer 503 with Retry-After.
class Unavailable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A constraint refused a write that no ON CONFLICT foresaw: a bug, or corrupt data.
class ConstraintViolation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What becomes of a unit's savepoint when it has run.
enum class Outcome { keep, roll_back };

/// A unit of work on its way through the writer.
struct Unit {
  /// Runs on the writer's thread; an exception rolls the unit back and reaches `done`.
  std::move_only_function<Outcome(Transaction&)> run;
  /// Called on the writer's thread when the group's commit is durable (null), or when the unit did
  /// not happen (the reason). A unit that asked for roll_back gets null too: nothing was promised.
  /// Must not block or throw. A unit that is refused at once (queue full, shutting down) hears of
  /// it on its submitter's thread, before submit returns.
  std::move_only_function<void(std::exception_ptr)> done;
};

/// True for results that say "refused": an expected without a value.
template <class R>
bool is_refusal(const R& result) {
  if constexpr (requires {
                  typename R::error_type;
                  result.has_value();
                }) {
    return !result.has_value();
  } else {
    return false;
  }
}

/// The durable store: one writer with group commit, many snapshot readers. Thread-safe.
class Store {
 public:
  virtual ~Store() = default;

  /// Hands a unit to the writer and returns at once. The writer takes every unit that waits, runs
  /// each in its own savepoint, commits them in one durable transaction, then completes them all.
  virtual void submit(Unit unit) = 0;

  /// What the writer has done so far, for metrics.
  virtual Statistics statistics() const = 0;

  /// Runs `unit(tx)` through the writer and blocks until it is durable. A returned
  /// std::expected without a value rolls the unit back; an exception does too, and is rethrown
  /// here. Not for io threads: those use async/.
  template <class F>
  std::invoke_result_t<F&, Transaction&> write(F unit) {
    using R = std::invoke_result_t<F&, Transaction&>;
    std::promise<void> finished;
    if constexpr (std::is_void_v<R>) {
      submit({[&](Transaction& tx) {
                unit(tx);
                return Outcome::keep;
              },
              [&](std::exception_ptr error) { settle(finished, std::move(error)); }});
      finished.get_future().get();
    } else {
      std::optional<R> result;
      submit({[&](Transaction& tx) {
                result.emplace(unit(tx));
                return is_refusal(*result) ? Outcome::roll_back : Outcome::keep;
              },
              [&](std::exception_ptr error) { settle(finished, std::move(error)); }});
      finished.get_future().get();
      return std::move(*result);
    }
  }

  /// Runs `unit(tx)` on this thread over a snapshot of what is committed. Point reads are fit for
  /// io threads; scans belong on a worker.
  template <class F>
  std::invoke_result_t<F&, Transaction&> read(F unit) {
    using R = std::invoke_result_t<F&, Transaction&>;
    if constexpr (std::is_void_v<R>) {
      read_snapshot([&](Transaction& tx) { unit(tx); });
    } else {
      std::optional<R> result;
      read_snapshot([&](Transaction& tx) { result.emplace(unit(tx)); });
      return std::move(*result);
    }
  }

 protected:
  virtual void read_snapshot(const std::function<void(Transaction&)>& unit) = 0;

 private:
  static void settle(std::promise<void>& promise, std::exception_ptr error) {
    if (error) {
      promise.set_exception(std::move(error));
    } else {
      promise.set_value();
    }
  }
};

}  // namespace vestibule::store
