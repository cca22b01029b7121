#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

namespace vestibule::fuzz {

/// Ends the process, so that libFuzzer keeps the input, if an invariant does not hold.
inline void require(bool holds, std::string_view what) {
  if (holds) return;
  std::cerr << "invariant broken: " << what << '\n';
  std::abort();
}

/// The parts of an input that needs several: what stands before and after its first line end.
inline std::pair<std::string_view, std::string_view> split_line(std::string_view input) {
  const auto end = input.find('\n');
  if (end == std::string_view::npos) return {input, {}};
  return {input.substr(0, end), input.substr(end + 1)};
}

/// What each target defines: one input, never a crash, and the invariants of the parser.
void run(std::string_view input);

}  // namespace vestibule::fuzz

/// libFuzzer's entry point.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
