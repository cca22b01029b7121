#include "keys/key_ring.h"

#include <algorithm>
#include <stdexcept>

#include "base/crypto.h"
#include "keys/signing_key_table.h"

namespace vestibule::keys {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

std::string associated_data(std::string_view kid, std::string_view algorithm) {
  return std::string(kid) + ' ' + std::string(algorithm);
}

std::unexpected<base::Error> unreadable(const std::string& kid, std::string_view why) {
  return fail(ErrorKind::unavailable, "signing_key_unreadable",
              "the signing key " + kid + " in the store cannot be used: " + std::string(why));
}

Result<RingKey> to_ring_key(const table::Row& row) {
  const auto algorithm = jose::parse_algorithm(row.algorithm);
  if (!algorithm) return unreadable(row.kid, "unknown algorithm " + row.algorithm);
  auto key = jose::PublicKey::from_jwk(row.public_jwk);
  if (!key) return unreadable(row.kid, key.error().message);
  if (!key->fits(*algorithm) || key->thumbprint() != row.kid) {
    return unreadable(row.kid, "its public key is not the one that it is named after");
  }
  return RingKey{row.kid,        *algorithm,       row.state,       std::move(*key),
                 row.created_at, row.activated_at, row.retire_after};
}

Result<jose::SigningKey> open_private(const table::Row& row, jose::Algorithm algorithm,
                                      const base::Secret& seal_key) {
  auto opened = base::open(seal_key, row.private_sealed, associated_data(row.kid, row.algorithm));
  if (!opened) {
    return unreadable(row.kid, "it was sealed with another master key, or altered");
  }
  const base::Secret der(std::move(*opened));
  auto key = jose::PrivateKey::from_der(der);
  if (!key) return unreadable(row.kid, key.error().message);
  if (!key->fits(algorithm) || key->public_key().thumbprint() != row.kid) {
    return unreadable(row.kid, "its private key is not the one that it is named after");
  }
  return jose::SigningKey(algorithm, std::move(*key));
}

void insert(store::Transaction& tx, const jose::SigningKey& key, UseState state,
            const base::Secret& seal_key, base::Random& random, base::Time now) {
  const std::string algorithm(to_string(key.algorithm()));
  const auto der = key.key().to_der();
  table::insert(tx, {.kid = key.kid(),
                     .algorithm = algorithm,
                     .state = state,
                     .private_sealed = base::seal(seal_key, der.reveal(),
                                                  associated_data(key.kid(), algorithm), random),
                     .public_jwk = key.key().public_key().to_jwk(),
                     .created_at = now,
                     .activated_at = state == UseState::current ? std::optional(now) : std::nullopt,
                     .retire_after = std::nullopt});
}

}  // namespace

FreshKeys generate(std::span<const jose::Algorithm> algorithms) {
  FreshKeys keys;
  keys.reserve(algorithms.size());
  for (const auto algorithm : algorithms) {
    keys.emplace_back(algorithm, jose::PrivateKey::generate(algorithm));
  }
  return keys;
}

KeyRing::KeyRing(const MasterKey& master, RotationPolicy policy,
                 std::vector<jose::Algorithm> algorithms, base::Random& random)
    : seal_key_(master.derive("signing-keys")),
      policy_(policy),
      algorithms_(std::move(algorithms)),
      random_(random),
      published_(std::make_shared<Published>()) {
  published_->picture = std::make_shared<const Ring>();
  if (const auto checked = policy_.check(); !checked) {
    throw std::invalid_argument(checked.error().message);
  }
}

Result<void> KeyRing::open(store::Store& store, base::Time now) {
  if (auto loaded = reload(store, now); !loaded) return loaded;
  return provide(store, algorithms_, now);
}

Result<void> KeyRing::provide(store::Store& store, std::span<const jose::Algorithm> algorithms,
                              base::Time now) {
  const auto needed = missing(algorithms);
  if (needed.empty()) return {};
  const auto fresh = generate(needed);
  return store.write([&](store::Transaction& tx) { return ensure_keys(tx, fresh, now); });
}

Result<void> KeyRing::reload(store::Store& store, base::Time now) {
  const auto generation = [&] {
    const std::lock_guard lock(published_->mutex);
    return published_->generation;
  }();
  auto picture = store.read([&](store::Transaction& tx) { return read(tx, now); });
  if (!picture) return std::unexpected(picture.error());
  const std::lock_guard lock(published_->mutex);
  // A rotation of this process that ended meanwhile may be newer than the snapshot just read.
  if (published_->generation == generation) published_->picture = std::move(*picture);
  return {};
}

std::shared_ptr<const Ring> KeyRing::ring() const {
  const std::lock_guard lock(published_->mutex);
  return published_->picture;
}

void KeyRing::Published::publish(Picture next) {
  const std::lock_guard lock(mutex);
  picture.swap(next);
  ++generation;
}

Result<KeyRing::Picture> KeyRing::read(store::Transaction& tx, base::Time now) const {
  std::vector<RingKey> keys;
  std::vector<jose::SigningKey> signers;
  for (const auto& row : table::list(tx)) {
    if (row.retire_after && *row.retire_after <= now) continue;
    auto key = to_ring_key(row);
    if (!key) return std::unexpected(key.error());
    if (row.state != UseState::previous) {
      auto signer = open_private(row, key->algorithm, seal_key_);
      if (!signer) return std::unexpected(signer.error());
      // A next key is opened too, so that a wrong master key shows now and not at the rotation.
      if (row.state == UseState::current) signers.push_back(std::move(*signer));
    }
    keys.push_back(std::move(*key));
  }
  return std::make_shared<const Ring>(std::move(keys), std::move(signers));
}

Result<void> KeyRing::publish_after_commit(store::Transaction& tx, base::Time now) {
  auto picture = read(tx, now);
  if (!picture) return std::unexpected(picture.error());
  tx.after_commit([published = published_, ready = std::move(*picture)]() mutable {
    published->publish(std::move(ready));
  });
  return {};
}

std::vector<jose::Algorithm> KeyRing::missing(std::span<const jose::Algorithm> algorithms) const {
  const auto picture = ring();
  std::vector<jose::Algorithm> result;
  for (const auto algorithm : algorithms) {
    for (const auto state : {UseState::current, UseState::next}) {
      if (picture->find(algorithm, state) == nullptr) result.push_back(algorithm);
    }
  }
  return result;
}

bool KeyRing::is_due(const Ring& ring, jose::Algorithm algorithm, base::Time now) const {
  const auto* current = ring.find(algorithm, UseState::current);
  const auto* next = ring.find(algorithm, UseState::next);
  return current != nullptr && next != nullptr &&
         now >= current->activated_at.value_or(current->created_at) + policy_.rotate_every &&
         now >= next->created_at + policy_.publish_ahead;
}

std::vector<jose::Algorithm> KeyRing::due(base::Time now) const {
  const auto picture = ring();
  std::vector<jose::Algorithm> result;
  for (const auto& key : picture->keys()) {
    if (key.state == UseState::current && is_due(*picture, key.algorithm, now)) {
      result.push_back(key.algorithm);
    }
  }
  return result;
}

Result<void> KeyRing::ensure_keys(store::Transaction& tx, const FreshKeys& fresh, base::Time now) {
  const auto before = read(tx, now);
  if (!before) return std::unexpected(before.error());
  std::vector<std::pair<jose::Algorithm, UseState>> filled;
  for (const auto& key : fresh) {
    for (const auto state : {UseState::current, UseState::next}) {
      const std::pair slot(key.algorithm(), state);
      if ((*before)->find(slot.first, slot.second) != nullptr ||
          std::ranges::find(filled, slot) != filled.end()) {
        continue;
      }
      insert(tx, key, state, seal_key_, random_, now);
      filled.push_back(slot);
      break;
    }
  }
  return publish_after_commit(tx, now);
}

Result<Rotation> KeyRing::rotate(store::Transaction& tx, const jose::SigningKey& fresh,
                                 base::Time now, RotationCause cause) {
  const auto algorithm = fresh.algorithm();
  const auto before = read(tx, now);
  if (!before) return std::unexpected(before.error());
  const auto* current = (*before)->find(algorithm, UseState::current);
  const auto* next = (*before)->find(algorithm, UseState::next);
  if (current == nullptr || next == nullptr) {
    return fail(ErrorKind::not_found, "no_such_key",
                "there is no " + std::string(current == nullptr ? "current" : "next") + " " +
                    std::string(to_string(algorithm)) + " key");
  }
  const auto published_for = now - next->created_at;
  const auto publication =
      published_for >= policy_.publish_ahead ? Publication::long_enough : Publication::too_short;
  if (cause == RotationCause::schedule && publication == Publication::too_short) {
    return fail(ErrorKind::conflict, "not_published_long_enough",
                "the next " + std::string(to_string(algorithm)) + " key is not known to all yet");
  }
  const auto retire_after = now + policy_.longest_token + policy_.skew;
  if (!table::retire(tx, current->kid, retire_after) || !table::activate(tx, next->kid, now)) {
    throw std::logic_error("a signing key changed inside the transaction that had read it");
  }
  insert(tx, fresh, UseState::next, seal_key_, random_, now);
  table::erase_retired(tx, now);
  if (auto published = publish_after_commit(tx, now); !published) {
    return std::unexpected(published.error());
  }
  return Rotation{.algorithm = algorithm,
                  .previous_kid = current->kid,
                  .current_kid = next->kid,
                  .next_kid = fresh.kid(),
                  .retire_after = retire_after,
                  .publication = publication,
                  .published_for = published_for};
}

Result<std::vector<Rotation>> KeyRing::rotate_if_due(store::Transaction& tx, const FreshKeys& fresh,
                                                     base::Time now) {
  const auto before = read(tx, now);
  if (!before) return std::unexpected(before.error());
  std::vector<Rotation> rotations;
  for (const auto& key : fresh) {
    const auto done = std::ranges::find(rotations, key.algorithm(), &Rotation::algorithm);
    if (done != rotations.end() || !is_due(**before, key.algorithm(), now)) continue;
    auto rotation = rotate(tx, key, now, RotationCause::schedule);
    if (!rotation) return std::unexpected(rotation.error());
    rotations.push_back(std::move(*rotation));
  }
  if (rotations.empty()) {
    table::erase_retired(tx, now);
    if (auto published = publish_after_commit(tx, now); !published) {
      return std::unexpected(published.error());
    }
  }
  return rotations;
}

}  // namespace vestibule::keys
