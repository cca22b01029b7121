#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace vestibule::accounts {

/// Passwords that the operator refuses, compared without regard to ASCII case. Only a 64-bit
/// fingerprint of each is kept, 8 bytes a line: with ten million of them a password that is not in
/// the list is refused once in 10^12.
class RefusedPasswords {
 public:
  /// More is a mistake of the operator's.
  static constexpr std::size_t most = 10'000'000;

  RefusedPasswords() = default;
  /// One a line, ended by LF or CR LF. Empty lines, and those too long for a password, are passed
  /// over. Throws std::length_error above `most`.
  explicit RefusedPasswords(std::istream& lines);
  /// The list in `file`. Errors: `invalid`, reason `refused_file`, with a message for the operator.
  static base::Result<RefusedPasswords> load(const std::string& file);

  bool contains(const base::Secret& password) const;
  std::size_t size() const { return fingerprints_.size(); }

 private:
  std::vector<std::uint64_t> fingerprints_;  ///< sorted
};

/// The list that is in force, which may be replaced while others read it. Thread-safe.
class RefusedList {
 public:
  std::shared_ptr<const RefusedPasswords> current() const { return current_.load(); }
  void replace(RefusedPasswords fresh) {
    current_.store(std::make_shared<const RefusedPasswords>(std::move(fresh)));
  }

 private:
  std::atomic<std::shared_ptr<const RefusedPasswords>> current_{
      std::make_shared<const RefusedPasswords>()};
};

}  // namespace vestibule::accounts
