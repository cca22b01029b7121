#include "async/commit.h"

namespace vestibule::async {

boost::asio::awaitable<void> submit(
    store::Store& store, std::move_only_function<store::Outcome(store::Transaction&)> run) {
  auto start = [&store, &run](Done done) { store.submit({std::move(run), std::move(done)}); };
  co_await completion(std::move(start));
}

}  // namespace vestibule::async
