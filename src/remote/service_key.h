#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "jose/signing_key.h"

namespace vestibule::remote {

/// A service account's private key, as ZITADEL hands it out once.
class ServiceKey {
 public:
  /// Reads ZITADEL's key file: `{"type":"serviceaccount","keyId":…,"key":PEM,"userId":…}`, an RSA
  /// key. Error: `service_key_malformed`, whose message repeats nothing of the file.
  static base::Result<ServiceKey> parse(const base::Secret& file);

  const std::string& user() const { return user_; }
  /// The assertion of the JWT profile (RFC 7523 sections 2.1 and 3), RS256, good for five minutes.
  base::Secret assertion(std::string_view audience, base::Time now) const;

 private:
  ServiceKey(std::string user, const std::string& key_id, jose::PrivateKey key);

  std::string user_;
  jose::SigningKey key_;
  std::string header_;  ///< base64url of the protected header, which names ZITADEL's key id
};

}  // namespace vestibule::remote
