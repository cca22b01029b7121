#pragma once

#include <filesystem>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"

namespace vestibule::keys {

/// The one secret from which every other is derived or under which it is sealed: 32 random bytes,
/// in a file as 43 characters of base64url. It is in no database and no backup; whoever loses it
/// loses every sealed signing key and every cookie.
class MasterKey {
 public:
  /// Reads `data/secrets/master.key`, or makes it once: 0600 in a directory of 0700, on disk before
  /// this returns, and when two processes race, one key for both. Errors as load, and
  /// `master_key_not_written`.
  static base::Result<MasterKey> load_or_create(const std::filesystem::path& data,
                                                base::Random& random);
  /// Reads an existing file. Errors name the file and what to do: `master_key_missing`,
  /// `master_key_permissions` (others may read or write it, or it is not ours), and
  /// `master_key_malformed`.
  static base::Result<MasterKey> load(const std::filesystem::path& file);
  /// From the environment or a vault. Error: `master_key_malformed`.
  static base::Result<MasterKey> parse(const base::Secret& text);

  /// A 32-byte key for one purpose (HKDF, RFC 5869); different purposes give unrelated keys.
  base::Secret derive(std::string_view purpose) const;

 private:
  explicit MasterKey(base::Secret bytes) : bytes_(std::move(bytes)) {}
  base::Secret bytes_;
};

}  // namespace vestibule::keys
