#include "oauth/confirmation_check.h"

namespace vestibule::oauth {

bool satisfies(const Confirmation& confirmation, const HeldKeys& held) {
  if (!confirmation.jkt.empty() && held.jkt != confirmation.jkt) return false;
  return confirmation.x5t_s256.empty() || held.x5t_s256 == confirmation.x5t_s256;
}

}  // namespace vestibule::oauth
