#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/secret.h"

namespace vestibule::oauth {

/// The short code that a person carries from a device to the browser (RFC 8628 section 6.1): eight
/// letters without vowels, so that none is mistaken and no word comes of it; 34 bits.
class UserCode {
 public:
  static UserCode make(base::Random& random);
  /// What somebody typed: case, spaces and dashes are free. nullopt if it can be no such code.
  static std::optional<UserCode> parse(std::string_view text);

  /// `BCDF-GHJK`, as it is shown.
  std::string text() const;
  /// Under which it is stored: without the key nobody finds the code by trying all of them.
  std::string key(const base::Secret& mac_key) const;

 private:
  explicit UserCode(std::string letters) : letters_(std::move(letters)) {}
  std::string letters_;
};

}  // namespace vestibule::oauth
