#pragma once

#include "accounts/users.h"
#include "async/pool.h"
#include "base/clock.h"
#include "base/random.h"
#include "events/outbox.h"
#include "guests/guests.h"
#include "http/router.h"
#include "oauth/tokens.h"
#include "sessions/sessions.h"
#include "store/store.h"

namespace vestibule::zitadel {

/// What the calls work with. Everything outlives the router.
struct ZitadelContext {
  store::Store& store;
  const base::Clock& clock;
  base::Random& random;
  accounts::UserIds& ids;
  const sessions::Sessions& sessions;
  const guests::Guests& guests;
  const events::Outbox& outbox;
  const oauth::TokenIssuer& issuer;
  async::CpuPool& cpu;
};

/// Adds the user API at ZITADEL's paths: Connect JSON under /zitadel.user.v2.UserService/, REST
/// under /v2/users, the security settings, and the two calls by which clients find themselves.
/// The context outlives the router.
void add_zitadel_routes(http::Router& router, ZitadelContext& context);

}  // namespace vestibule::zitadel
