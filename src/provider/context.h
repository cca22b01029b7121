#pragma once

#include <string>

#include "async/pool.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/secret.h"
#include "http/router.h"
#include "keys/key_ring.h"
#include "keys/purpose_keys.h"
#include "oauth/discovery.h"
#include "oauth/dpop.h"
#include "oauth/grants/grant.h"
#include "oauth/tokens.h"
#include "oauth/used_proofs.h"
#include "provider/client_certificate.h"
#include "provider/remote_key_sets.h"
#include "provider/request_reference.h"
#include "provider/sign_in.h"
#include "sessions/sessions.h"
#include "store/store.h"

namespace vestibule::provider {

/// What the configuration says of the provider.
struct ProviderOptions {
  oauth::Capabilities capabilities = {};
  CertificateSource certificates = {};
  oauth::NonceRule dpop_nonces = oauth::NonceRule::optional;
};

/// What the endpoints work with. Everything outlives the router.
struct ProviderContext {
  store::Store& store;
  const base::Clock& clock;
  base::Random& random;
  const keys::KeyRing& keys;
  keys::PurposeKeys& purposes;
  const oauth::TokenIssuer& issuer;
  const sessions::Sessions& sessions;
  const base::Secret& refresh_key;  ///< MAC key of refresh tokens, derived from the master key
  async::CpuPool& cpu;
  const SignIn& sign_in;
  RemoteKeySets& remote_keys;
  const RequestReferences& request_references;
  ProviderOptions options = {};
  oauth::UsedProofs used_proofs{};

  oauth::GrantContext grants() const { return {issuer, sessions, refresh_key, random}; }
};

/// Adds the endpoints of the OpenID Provider at ZITADEL's paths (oauth/discovery.h), and
/// /debug/healthz and /debug/ready. The context outlives the router.
void add_provider_routes(http::Router& router, ProviderContext& context);

}  // namespace vestibule::provider
