#pragma once

#include "gateway/context.h"
#include "http/exchange.h"
#include "http/proxy.h"

namespace vestibule::gateway {

/// Everything on the application's host that is not the gateway's own: decides which identity the
/// request acts as, then forwards it with our own list of fields and streams the answer back.
class ProxySite {
 public:
  ProxySite(Context& context, const http::UpstreamPool& upstream)
      : context_(context), upstream_(upstream) {}

  boost::asio::awaitable<void> handle(http::Exchange& exchange) const;

 private:
  void edit_answer(http::Response& answer, const std::vector<http::SetCookie>& cookies) const;

  Context& context_;
  const http::UpstreamPool& upstream_;
};

}  // namespace vestibule::gateway
