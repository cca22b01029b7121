#pragma once

#include <boost/asio/thread_pool.hpp>

#include "http/router.h"
#include "shop.h"

namespace vestibule::shop {

/// Every address of the shop and what answers it. The functions behind them are plain synchronous
/// code and run on `workers`, so that a write to disk or a fetch of keys never holds up an io
/// thread. `shop` and `workers` outlive the site.
http::Site make_site(Shop& shop, boost::asio::thread_pool& workers);

}  // namespace vestibule::shop
