#include "remote/service_key.h"

#include <boost/json/parse.hpp>

#include "base/encoding.h"
#include "jose/claims_writer.h"
#include "remote/members.h"

namespace vestibule::remote {

namespace json = boost::json;

namespace {

constexpr base::Seconds life{300};

std::unexpected<base::Error> malformed(std::string what) {
  return base::fail(base::ErrorKind::invalid, "service_key_malformed",
                    "not a key file of a ZITADEL service account: " + std::move(what));
}

}  // namespace

ServiceKey::ServiceKey(std::string user, const std::string& key_id, jose::PrivateKey key)
    : user_(std::move(user)), key_(jose::Algorithm::rs256, std::move(key)) {
  jose::ClaimsWriter header;
  header.text("alg", "RS256").text("kid", key_id).text("typ", "JWT");
  header_ = base::to_base64url(std::move(header).finish());
}

base::Result<ServiceKey> ServiceKey::parse(const base::Secret& file) {
  json::error_code error;
  const auto document = json::parse(file.reveal(), error);
  if (error || !document.is_object()) return malformed("it is not JSON");
  bool wrong = false;
  const Members members(document.as_object(), wrong);
  const auto type = members.text("type");
  const auto key_id = members.text("keyId");
  const base::Secret pem(members.text("key"));
  auto user = members.text("userId");
  if (wrong || key_id.empty() || user.empty()) return malformed("keyId or userId is missing");
  if (type != "serviceaccount") return malformed("its type is not serviceaccount");
  auto key = jose::PrivateKey::from_pem(pem);
  if (!key) return malformed("its key cannot be used");
  if (!key->fits(jose::Algorithm::rs256)) return malformed("its key is not RSA");
  return ServiceKey(std::move(user), key_id, std::move(*key));
}

base::Secret ServiceKey::assertion(std::string_view audience, base::Time now) const {
  jose::ClaimsWriter claims;
  claims.text("iss", user_)
      .text("sub", user_)
      .text("aud", audience)
      .time("iat", now)
      .time("exp", now + life);
  return base::Secret(jose::sign_compact(key_, header_, std::move(claims).finish()));
}

}  // namespace vestibule::remote
