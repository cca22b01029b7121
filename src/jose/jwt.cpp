#include "jose/jwt.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cmath>

#include "base/text.h"
#include "jose/strict_json.h"

namespace vestibule::jose {
namespace {

namespace json = boost::json;

// NumericDates are kept below the year 10000, so that arithmetic on milliseconds cannot overflow.
constexpr double max_numeric_date = 253'402'300'799.0;
constexpr std::size_t max_actors = 8;

// Collects claims; after the first one of a wrong type, `malformed` stays set.
class Reader {
 public:
  explicit Reader(const json::object& object) : object_(object) {}

  void text(std::string_view name, std::string& out) {
    auto value = strict_json::optional_string(object_, name);
    if (!value) {
      malformed = true;
    } else {
      out = std::move(*value);
    }
  }

  // RFC 7519 section 2, NumericDate: seconds, which need not be whole.
  void time(std::string_view name, std::optional<base::Time>& out) {
    const auto* value = object_.if_contains(name);
    if (value == nullptr) return;
    double seconds = 0;
    if (value->is_number()) seconds = value->to_number<double>();
    if (!value->is_number() || !(seconds >= 0 && seconds <= max_numeric_date)) {
      malformed = true;
      return;
    }
    out = base::from_milliseconds(static_cast<std::int64_t>(std::floor(seconds * 1000.0)));
  }

  // RFC 7519 section 4.1.3: one string or an array of strings.
  void strings(std::string_view name, std::vector<std::string>& out) {
    const auto* value = object_.if_contains(name);
    if (value == nullptr) return;
    if (const auto* one = value->if_string()) {
      out.emplace_back(one->data(), one->size());
      return;
    }
    const auto* array = value->if_array();
    if (array == nullptr) {
      malformed = true;
      return;
    }
    for (const auto& element : *array) {
      const auto* item = element.if_string();
      if (item == nullptr) {
        malformed = true;
        return;
      }
      out.emplace_back(item->data(), item->size());
    }
  }

  // RFC 8693 section 4.1: the outermost `act` is the current actor.
  void actors(std::vector<Actor>& out) {
    const auto* level = object_.if_contains("act");
    while (level != nullptr) {
      const auto* object = level->if_object();
      const auto subject =
          object == nullptr ? std::nullopt : strict_json::optional_string(*object, "sub");
      const auto issuer =
          object == nullptr ? std::nullopt : strict_json::optional_string(*object, "iss");
      if (!subject || subject->empty() || !issuer || out.size() == max_actors) {
        malformed = true;
        return;
      }
      out.push_back({*subject, *issuer});
      level = object->if_contains("act");
    }
  }

  bool malformed = false;

 private:
  const json::object& object_;
};

bool accepts_type(const Policy& policy, std::string_view typ) {
  constexpr std::string_view prefix = "application/";
  std::string name = base::to_lower_ascii(typ);
  if (name.starts_with(prefix)) name.erase(0, prefix.size());
  return std::ranges::any_of(policy.types, [&](const std::string& accepted) {
    return base::to_lower_ascii(accepted) == name;
  });
}

std::optional<Rejection> judge(const Claims& claims, const Policy& policy, base::Time now) {
  if (claims.issuer != policy.issuer) return Rejection::wrong_issuer;
  if (const auto* audience = std::get_if<std::string>(&policy.audience);
      audience != nullptr && !claims.has_audience(*audience)) {
    return Rejection::wrong_audience;
  }
  const auto skew = policy.clock_skew;
  // RFC 7519 4.1.4: on or after `exp` the token MUST NOT be accepted.
  if (policy.expiry == Expiry::enforced && now >= claims.expires_at + skew) {
    return Rejection::expired;
  }
  if (claims.not_before && now + skew < *claims.not_before) return Rejection::not_yet_valid;
  if (claims.issued_at && now + skew < *claims.issued_at) return Rejection::issued_in_future;
  return std::nullopt;
}

}  // namespace

bool Claims::has_audience(std::string_view name) const {
  return std::ranges::find(audience, name) != audience.end();
}

std::expected<Claims, Rejection> parse_claims(std::string_view payload) {
  const auto object = strict_json::parse_object(payload);
  if (!object) {
    return std::unexpected(object.error() == strict_json::Fault::duplicate_member
                               ? Rejection::payload_duplicate_member
                               : Rejection::payload_not_object);
  }
  Claims claims;
  std::optional<base::Time> expires_at;
  Reader reader(*object);
  reader.text("iss", claims.issuer);
  reader.text("sub", claims.subject);
  reader.strings("aud", claims.audience);
  reader.time("exp", expires_at);
  reader.time("iat", claims.issued_at);
  reader.time("nbf", claims.not_before);
  reader.time("auth_time", claims.auth_time);
  reader.text("jti", claims.id);
  reader.text("client_id", claims.client_id);
  reader.text("azp", claims.authorized_party);
  reader.text("scope", claims.scope);
  reader.text("sid", claims.session_id);
  reader.text("nonce", claims.nonce);
  reader.text("acr", claims.acr);
  reader.strings("amr", claims.amr);
  reader.actors(claims.actors);
  if (reader.malformed) return std::unexpected(Rejection::claim_malformed);
  if (claims.issuer.empty()) return std::unexpected(Rejection::issuer_missing);
  if (claims.subject.empty()) return std::unexpected(Rejection::subject_missing);
  if (claims.audience.empty()) return std::unexpected(Rejection::audience_missing);
  if (!expires_at) return std::unexpected(Rejection::expiry_missing);
  claims.expires_at = *expires_at;
  claims.json = payload;
  return claims;
}

std::expected<Claims, Rejection> verify(std::string_view token, const KeySet& keys,
                                        const Policy& policy, base::Time now) {
  const auto jws = parse_compact(token);
  if (!jws) return std::unexpected(jws.error());
  const auto payload = verify_jws(*jws, keys, policy.allowed);
  if (!payload) return std::unexpected(payload.error());
  if (!accepts_type(policy, jws->typ)) return std::unexpected(Rejection::wrong_type);
  auto claims = parse_claims(*payload);
  if (!claims) return claims;
  if (const auto reason = judge(*claims, policy, now)) return std::unexpected(*reason);
  return claims;
}

}  // namespace vestibule::jose
