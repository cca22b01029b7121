#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace vestibule::base {

/// The only source of randomness. Whoever needs it is given one.
class Random {
 public:
  virtual ~Random() = default;
  /// Fills `out` with unpredictable bytes; throws std::runtime_error if the system has none.
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

/// OpenSSL's generator, seeded by the kernel; safe from any thread.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

/// A reproducible sequence for tests. Never for secrets.
class FakeRandom final : public Random {
 public:
  explicit FakeRandom(std::uint64_t seed = 1) : state_(seed) {}
  void fill(std::span<std::uint8_t> out) override;

 private:
  std::uint64_t state_;
};

/// `count` random bytes.
std::string random_bytes(Random& random, std::size_t count);

/// `count` random bytes as unpadded base64url: 32 bytes give a 43-character token of 256 bits.
std::string random_token(Random& random, std::size_t count = 32);

}  // namespace vestibule::base
