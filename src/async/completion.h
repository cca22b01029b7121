#pragma once

#include <boost/asio/awaitable.hpp>
#include <exception>
#include <functional>

namespace vestibule::async {

/// Ends a suspension, from any thread and exactly once: null, or the exception to throw.
using Done = std::move_only_function<void(std::exception_ptr)>;

/// Suspends the coroutine, calls `start` with the function that ends the suspension, and resumes on
/// the coroutine's executor. The executor counts this as work under way; its io_context must
/// outlive whoever holds the Done. It cannot be cancelled: what was started is waited for, since
/// it may refer to the coroutine's frame.
boost::asio::awaitable<void> completion(std::move_only_function<void(Done)> start);

}  // namespace vestibule::async
