#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/secret.h"
#include "http/outgoing.h"
#include "remote/service_key.h"
#include "remote/shared_fetch.h"
#include "remote/zitadel_api.h"
#include "remote/zitadel_options.h"

namespace vestibule::remote {

/// What the service account shows to the API, and as the actor of an exchange: its personal access
/// token, or a token that it is given for its key (RFC 7523), kept until shortly before it expires.
/// Thread-safe.
class ServiceToken {
 public:
  /// Throws std::invalid_argument if the options have neither token nor key, or a malformed one.
  /// The client and the clock outlive it.
  ServiceToken(const ZitadelOptions& options, const http::OutgoingClient& client,
               const base::Clock& clock);

  /// The token; fetches one if there is none that will last. An error says that the call which
  /// needed it was never sent: `unreachable`, or `unauthenticated` if the remote will not give one.
  Called<base::Secret> bearer();
  /// Whether the remote can be asked for another one: it was got for a key.
  bool renewable() const { return key_.has_value(); }
  /// One in place of `refused`, which the remote did not accept; the one that somebody else has got
  /// in the meantime, if there is one. Only if it is renewable.
  Called<base::Secret> renewed(const base::Secret& refused);

 private:
  struct Held {
    base::Secret token;
    base::Time usable_until;
  };
  Called<base::Secret> fetch_unless(const std::string_view* refused);
  Called<Held> fetch() const;

  const base::Secret personal_token_;
  const std::optional<ServiceKey> key_;
  const std::string issuer_;
  const std::string token_url_;
  const std::string scope_;
  const http::OutgoingClient& client_;
  const base::Clock& clock_;
  std::optional<Held> held_;  ///< touched under the lock of `fetches_` only
  SharedFetch<Called<Held>> fetches_;
};

}  // namespace vestibule::remote
