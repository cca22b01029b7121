#include "keys/ring.h"

namespace vestibule::keys {

std::string_view to_string(UseState state) {
  switch (state) {
    case UseState::next:
      return "next";
    case UseState::current:
      return "current";
    case UseState::previous:
      return "previous";
  }
  return "unknown";
}

Ring::Ring(std::vector<RingKey> keys, std::vector<jose::SigningKey> signers)
    : keys_(std::move(keys)), signers_(std::move(signers)) {
  std::vector<jose::VerificationKey> published;
  published.reserve(keys_.size());
  for (const auto& key : keys_) published.push_back({key.kid, key.algorithm, key.key});
  key_set_ = jose::KeySet(std::move(published));
  jwks_json_ = key_set_.to_json();
}

const jose::SigningKey* Ring::signer(jose::Algorithm algorithm) const {
  for (const auto& signer : signers_) {
    if (signer.algorithm() == algorithm) return &signer;
  }
  return nullptr;
}

const RingKey* Ring::find(std::string_view kid) const {
  for (const auto& key : keys_) {
    if (key.kid == kid) return &key;
  }
  return nullptr;
}

const RingKey* Ring::find(jose::Algorithm algorithm, UseState state) const {
  for (const auto& key : keys_) {
    if (key.algorithm == algorithm && key.state == state) return &key;
  }
  return nullptr;
}

}  // namespace vestibule::keys
