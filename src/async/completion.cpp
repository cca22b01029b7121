#include "async/completion.h"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace vestibule::async {

namespace asio = boost::asio;

asio::awaitable<void> completion(std::move_only_function<void(Done)> start) {
  auto initiate = [&start](auto handler) {
    auto work = asio::make_work_guard(asio::get_associated_executor(handler));
    start([handler = std::move(handler), work = std::move(work)](std::exception_ptr error) mutable {
      auto resume = [handler = std::move(handler), error = std::move(error)]() mutable {
        std::move(handler)(std::move(error));
      };
      asio::post(work.get_executor(), std::move(resume));
    });
  };
  auto suspended = asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(
      std::move(initiate), asio::use_awaitable);
  co_await std::move(suspended);
}

}  // namespace vestibule::async
