#include "fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  vestibule::fuzz::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
