#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "keys/master_key.h"
#include "keys/ring.h"
#include "keys/rotation.h"
#include "store/store.h"

namespace vestibule::keys {

/// New keys, made before a unit of work begins (RSA takes long) and handed to it.
using FreshKeys = std::vector<jose::SigningKey>;
FreshKeys generate(std::span<const jose::Algorithm> algorithms);

/// The signing keys: read from the store into a Ring, changed by verbs that take a Transaction.
/// Private halves are sealed in the store under a key derived from the master key, with key id and
/// algorithm as associated data; that of a previous key is erased. Thread-safe.
class KeyRing {
 public:
  /// `algorithms` are those that every ring has. Throws std::invalid_argument for a policy that
  /// fails its check.
  KeyRing(const MasterKey& master, RotationPolicy policy, std::vector<jose::Algorithm> algorithms,
          base::Random& random);

  /// At start: makes the keys that are missing and loads the ring. Blocks. Error:
  /// `signing_key_unreadable` if a key in the store was sealed with another master key or altered.
  base::Result<void> open(store::Store& store, base::Time now);
  /// Makes what is missing for `algorithms`, so that a client may be registered for them. Blocks,
  /// with RSA for up to a second, unless nothing is missing. Errors as open.
  base::Result<void> provide(store::Store& store, std::span<const jose::Algorithm> algorithms,
                             base::Time now);
  /// Reads the ring again, for nodes that another one's rotation does not reach. Errors as open;
  /// the ring in use then stays.
  base::Result<void> reload(store::Store& store, base::Time now);

  /// The picture in use: one pointer copied under a lock that nobody holds longer. Keep it for the
  /// length of a request, not longer.
  std::shared_ptr<const Ring> ring() const;

  /// Those of `algorithms` of which a current or next key is missing, twice if both are.
  std::vector<jose::Algorithm> missing(std::span<const jose::Algorithm> algorithms) const;
  /// Algorithms whose current key is old enough and whose next key has been published long enough.
  std::vector<jose::Algorithm> due(base::Time now) const;

  /// Gives every algorithm in `fresh` a current and a next key if it lacks one, also algorithms
  /// beyond those of the constructor. Keys that are not needed are dropped.
  base::Result<void> ensure_keys(store::Transaction& tx, const FreshKeys& fresh, base::Time now);

  /// One rotation: next signs, current becomes previous, `fresh` becomes next, and keys past their
  /// retire_after are erased. Readers see the new ring once the transaction is durable. An operator
  /// who minds Publication::too_short rolls back. Errors: `no_such_key` (nothing signs under that
  /// algorithm, or no next key), `not_published_long_enough` (by schedule only).
  base::Result<Rotation> rotate(store::Transaction& tx, const jose::SigningKey& fresh,
                                base::Time now, RotationCause cause);

  /// Rotates those algorithms of `fresh` that are due, judged by the store and not by the ring in
  /// use, so that of two nodes one rotates. Erases keys past their retire_after in any case.
  base::Result<std::vector<Rotation>> rotate_if_due(store::Transaction& tx, const FreshKeys& fresh,
                                                    base::Time now);

 private:
  using Picture = std::shared_ptr<const Ring>;
  // Shared with the writer, whose last action may run when this ring is already gone.
  struct Published {
    std::mutex mutex;
    Picture picture;
    std::uint64_t generation = 0;
    void publish(Picture next);
  };
  base::Result<Picture> read(store::Transaction& tx, base::Time now) const;
  base::Result<void> publish_after_commit(store::Transaction& tx, base::Time now);
  bool is_due(const Ring& ring, jose::Algorithm algorithm, base::Time now) const;

  const base::Secret seal_key_;
  const RotationPolicy policy_;
  const std::vector<jose::Algorithm> algorithms_;
  base::Random& random_;
  const std::shared_ptr<Published> published_;
};

}  // namespace vestibule::keys
