#include "keys/sealer.h"

#include "base/crypto.h"
#include "base/encoding.h"

namespace vestibule::keys {

std::string Sealer::seal(std::string_view purpose, std::string_view associated,
                         std::string_view plain, base::Time now) const {
  const auto key = keys_.current(purpose, now);
  // The id is four hexadecimal digits, which is two bytes.
  return base::to_base64url(base::from_hex(key.id).value() +
                            base::seal(key.key, plain, associated, random_));
}

std::optional<std::string> Sealer::open(std::string_view purpose, std::string_view associated,
                                        std::string_view value, base::Time now,
                                        base::Milliseconds max_age) const {
  const auto bytes = base::from_base64url(value);
  if (!bytes || bytes->size() < 2) return std::nullopt;
  const std::string_view sealed{*bytes};
  const auto key = keys_.find(purpose, base::to_hex(sealed.substr(0, 2)), now, max_age);
  if (!key) return std::nullopt;
  return base::open(*key, sealed.substr(2), associated);
}

}  // namespace vestibule::keys
