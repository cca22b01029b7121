#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <stop_token>

#include "base/random.h"
#include "base/secret.h"
#include "events/audit_head.h"
#include "store/store.h"

namespace vestibule::events {

/// Seals what is new in the audit log and tells the head to the world outside of the database.
/// Thread-safe; several processes on one store do not seal anything twice.
class Sealer {
 public:
  /// At most so many lines a seal, which bounds its memory.
  static constexpr int max_lines = 1000;
  static constexpr base::Milliseconds export_interval{60'000};

  /// `key` is the master key's for the purpose `audit`; `head_file` is where the head goes.
  Sealer(store::Store& store, base::Random& random, base::Secret key,
         std::filesystem::path head_file);

  /// Seals every line that is committed now, each seal read in a snapshot and appended in a short
  /// unit, and leaves early when asked to. Returns how many lines it sealed.
  std::int64_t seal(base::Time now, const std::stop_token& stop = {});

  enum class Export { at_interval, now };
  enum class Exported {
    no,        ///< not due, or nothing new
    yes,       ///< the file has the head, and the log too, at level info
    conflict,  ///< the chain has no such seal as the file says: it stays, as evidence
  };
  /// Writes the head to the file. A file whose head is not in the chain, and was not lost by a
  /// restoration, is never replaced; that is logged as an error, once a head. Throws
  /// std::system_error if the file cannot be written.
  Exported export_head(base::Time now, Export when);

  /// True if the chain has what the file says, or a restoration explains why it has not. Who finds
  /// that it is false seals nothing before looking closer.
  bool has_exported_head();

  const base::Secret& key() const { return key_; }
  const std::filesystem::path& head_file() const { return head_file_; }

 private:
  bool salt_old_lines();
  std::int64_t seal_some(base::Time now);
  bool belongs(const AuditHead& exported);
  bool may_replace(const AuditHead& exported);

  store::Store& store_;
  base::Random& random_;
  const base::Secret key_;
  const std::filesystem::path head_file_;
  std::mutex mutex_;
  bool all_salted_ = false;
  std::optional<base::Time> exported_at_;
  std::optional<AuditHead> exported_;  ///< as this process wrote or found it
  std::optional<AuditHead> conflict_;
};

}  // namespace vestibule::events
