#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "events/audit_seal.h"

namespace vestibule::events {

/// The end of the audit chain as it is told to places outside of the database: who cuts the chain
/// there cannot cut this. Its text is `SEQUENCE.LAST_ID.SEALED_AT.DIGEST`, with milliseconds and
/// base64url.
struct AuditHead {
  std::int64_t sequence = 0;
  std::int64_t last_id = 0;
  base::Time sealed_at;
  std::string digest;

  static AuditHead of(const Seal& seal);
  static std::optional<AuditHead> parse(std::string_view text);
  std::string text() const;
  bool operator==(const AuditHead&) const = default;
};

/// True if the chain has the seal that the head is of.
bool has_head(store::Transaction& tx, const AuditHead& head);

/// The head in a file; nullopt if there is no such file. Error: `audit_head_malformed`.
base::Result<std::optional<AuditHead>> read_head(const std::filesystem::path& file);

/// Replaces the file: 0600, whole or not at all, on disk when this returns. Throws
/// std::system_error naming the file.
void write_head(const std::filesystem::path& file, const AuditHead& head);

}  // namespace vestibule::events
