#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "http/exchange.h"
#include "http/upstream.h"

namespace vestibule::http {

/// Carries bytes both ways until both ends have ended, one fails, or nothing moved for `idle`.
boost::asio::awaitable<void> run_tunnel(RawStream& client, UpstreamConnection& upstream,
                                        std::chrono::milliseconds idle);

}  // namespace vestibule::http
