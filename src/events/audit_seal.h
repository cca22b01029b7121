#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "store/transaction.h"

namespace vestibule::events {

/// A link of the audit chain: the lines since the seal before it, fixed under the audit key.
struct Seal {
  std::int64_t sequence = 0;  ///< from 1, without gaps
  std::int64_t first_id = 0;
  std::int64_t last_id = 0;
  std::int64_t lines = 0;
  base::Time sealed_at;
  std::string marks;   ///< which lines, and eight bytes of each, so that a finding can name one
  std::string digest;  ///< 32 bytes over all of this and the former digest
};

/// The mark of one line in Seal::marks.
struct LineMark {
  std::int64_t id = 0;
  std::string_view part;  ///< the first bytes of its commitment
};

/// Gathers the commitments of lines and makes the seal over them.
class SealBuilder {
 public:
  /// The commitment of the next line, in the order of ids. Throws std::length_error if ids are
  /// further apart than a mark can say.
  void add(std::int64_t id, std::string_view commitment);
  std::int64_t lines() const { return seal_.lines; }
  /// `former` is the last seal; nullopt for the first of a chain. Needs at least one line.
  Seal finish(const base::Secret& key, const std::optional<Seal>& former, base::Time now) &&;

 private:
  Seal seal_;
  std::string commitments_;
};

/// The digest that a seal has to have. `former_digest` is empty for the first of a chain.
std::string digest_of(const base::Secret& key, const Seal& seal, std::string_view former_digest,
                      std::string_view commitments);

/// The marks of a seal; nullopt if their bytes are not what a builder writes.
std::optional<std::vector<LineMark>> read_marks(const Seal& seal);

/// True if `mark` is that of a line with this commitment.
bool is_mark_of(const LineMark& mark, std::string_view commitment);

std::optional<Seal> find_last_seal(store::Transaction& tx);
std::optional<Seal> find_seal(store::Transaction& tx, std::int64_t sequence);
/// Up to `limit` seals after a sequence, in order.
std::vector<Seal> list_seals(store::Transaction& tx, std::int64_t after, int limit);
/// Appends, unless the chain has grown since: then false, and nothing is written.
bool append_seal(store::Transaction& tx, const Seal& seal);

}  // namespace vestibule::events
