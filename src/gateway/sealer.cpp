#include "gateway/sealer.h"

#include <stdexcept>

#include "base/crypto.h"
#include "base/encoding.h"

namespace vestibule::gateway {

namespace {

constexpr std::size_t key_id_bytes = 2;

std::string_view purpose_name(Purpose purpose) {
  switch (purpose) {
    case Purpose::session:
      return "gateway-session";
    case Purpose::refresh:
      return "gateway-refresh";
    case Purpose::ticket:
      return "gateway-ticket";
    case Purpose::login:
      return "gateway-login";
    case Purpose::choice:
      return "gateway-choice";
  }
  throw std::logic_error("unknown purpose");
}

}  // namespace

std::string Sealer::associated_data(Purpose purpose, std::string_view cookie) const {
  std::string data(purpose_name(purpose));
  data += '\0';
  data += cookie;
  data += '\0';
  data += origin_;
  return data;
}

std::string Sealer::seal(Purpose purpose, std::string_view cookie, std::string_view plain,
                         base::Time now) const {
  const auto key = keys_.current(purpose_name(purpose), now);
  auto bytes = base::from_hex(key.id);
  if (!bytes || bytes->size() != key_id_bytes)
    throw std::logic_error("a purpose key's id is not two bytes");
  return base::to_base64url(*bytes +
                            base::seal(key.key, plain, associated_data(purpose, cookie), random_));
}

std::optional<std::string> Sealer::open(Purpose purpose, std::string_view cookie,
                                        std::string_view value, base::Time now,
                                        base::Milliseconds max_age) const {
  const auto bytes = base::from_base64url(value);
  if (!bytes || bytes->size() <= key_id_bytes) return std::nullopt;
  const std::string_view view = *bytes;
  const auto key =
      keys_.find(purpose_name(purpose), base::to_hex(view.substr(0, key_id_bytes)), now, max_age);
  if (!key) return std::nullopt;
  return base::open(*key, view.substr(key_id_bytes), associated_data(purpose, cookie));
}

}  // namespace vestibule::gateway
