#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "async/completion.h"
#include "store/store.h"

namespace vestibule::async {

/// Hands a unit of work to the store's writer and resumes on the coroutine's executor once it is
/// durable (or did not happen).
boost::asio::awaitable<void> submit(
    store::Store& store, std::move_only_function<store::Outcome(store::Transaction&)> run);

/// Store::write for coroutines: runs `unit(tx)` in the writer, suspends until it is durable, and
/// gives its result. An expected without a value rolls the unit back; an exception does too and is
/// thrown here, as is store::Unavailable. `unit` runs on the writer's thread and may refer to the
/// coroutine's variables: they are there until it has ended. Name it before the co_await:
/// `auto unit = [&](store::Transaction& tx) {…}; co_await commit(store, std::move(unit));`
template <class F>
boost::asio::awaitable<std::invoke_result_t<F&, store::Transaction&>> commit(store::Store& store,
                                                                             F unit) {
  using R = std::invoke_result_t<F&, store::Transaction&>;
  if constexpr (std::is_void_v<R>) {
    auto run = [&unit](store::Transaction& tx) {
      unit(tx);
      return store::Outcome::keep;
    };
    co_await submit(store, std::move(run));
  } else {
    std::optional<R> result;
    auto run = [&unit, &result](store::Transaction& tx) {
      result.emplace(unit(tx));
      return store::is_refusal(*result) ? store::Outcome::roll_back : store::Outcome::keep;
    };
    co_await submit(store, std::move(run));
    co_return std::move(*result);
  }
}

}  // namespace vestibule::async
