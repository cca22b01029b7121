#include "base/random.h"

#include <openssl/rand.h>

#include <stdexcept>

#include "base/encoding.h"

namespace vestibule::base {

void SystemRandom::fill(std::span<std::uint8_t> out) {
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) {
    throw std::runtime_error("the system's random generator failed");
  }
}

void FakeRandom::fill(std::span<std::uint8_t> out) {
  // SplitMix64 (Steele, Lea, Flood 2014).
  for (auto& byte : out) {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    byte = static_cast<std::uint8_t>(z ^ (z >> 31U));
  }
}

std::string random_bytes(Random& random, std::size_t count) {
  std::string out(count, '\0');
  random.fill({reinterpret_cast<std::uint8_t*>(out.data()), out.size()});
  return out;
}

std::string random_token(Random& random, std::size_t count) {
  return to_base64url(random_bytes(random, count));
}

}  // namespace vestibule::base
