#include "http/connection_counts.h"

#include "http/limiter.h"

namespace vestibule::http {

bool ConnectionCounts::enter(const IpAddress& peer, std::size_t most) {
  const std::lock_guard lock(mutex_);
  const auto key = address_key(peer);
  const auto found = open_.find(key);
  if ((found == open_.end() ? 0 : found->second) >= most) return false;
  ++open_[key];
  return true;
}

void ConnectionCounts::leave(const IpAddress& peer) {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(address_key(peer));
  if (found != open_.end() && --found->second == 0) open_.erase(found);
}

}  // namespace vestibule::http
