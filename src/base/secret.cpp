#include "base/secret.h"

#include <openssl/crypto.h>

namespace vestibule::base {

void Secret::wipe() {
  // Short strings live inside the object, so the whole capacity is wiped, not only the length.
  bytes_.resize(bytes_.capacity());
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
  bytes_.clear();
}

}  // namespace vestibule::base
