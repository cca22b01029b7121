#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "http/request.h"
#include "jwks.h"
#include "store.h"
#include "token.h"
#include "webhook.h"

namespace vestibule::shop {

/// Everything that a request may need, put together once in main.
struct Shop {
  Store& store;
  Jwks& jwks;
  TokenPolicy policy;
  WebhookReceiver& webhooks;
  const base::Clock& clock;
  std::string mailbox_url;  ///< of the demo's mailbox page; empty if there is none
  std::string
      provider_origin;  ///< where the gateway's sign-in leads the browser: for `form-action`
};

/// Who sends this request: nobody if it has no `Authorization` field, which is no failure. An
/// invalid token is one, though, and never quietly taken for nobody.
base::Result<std::optional<Identity>> identify(Shop& shop, const http::Request& request);

/// The same where an identity is required: `unauthenticated` (`no_identity`) without one.
base::Result<Identity> require_identity(Shop& shop, const http::Request& request);

}  // namespace vestibule::shop
