#include "oauth/dpop_nonces.h"

#include "base/ids.h"
#include "keys/sealer.h"

namespace vestibule::oauth {
namespace {

constexpr std::string_view purpose = "dpop-nonce";
/// How far the clock of the node that issued it may be ahead of ours.
constexpr base::Seconds node_skew{10};

}  // namespace

std::string DpopNonces::issue(base::Time now) const {
  return keys::Sealer(keys_, random_)
      .seal(purpose, issuer_, base::to_decimal(base::to_milliseconds(now)), now);
}

std::optional<base::Time> DpopNonces::open(std::string_view nonce, base::Time now) const {
  const auto plain =
      keys::Sealer(keys_, random_).open(purpose, issuer_, nonce, now, nonce_lifetime);
  const auto milliseconds = plain ? base::from_decimal(*plain) : std::nullopt;
  if (!milliseconds) return std::nullopt;
  const auto issued_at = base::from_milliseconds(*milliseconds);
  if (issued_at + nonce_lifetime <= now || issued_at > now + node_skew) return std::nullopt;
  return issued_at;
}

}  // namespace vestibule::oauth
