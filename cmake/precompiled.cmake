# vestibule_precompile(TARGET std|edge|test): what nearly every file of ours includes is parsed once
# for all of them, which takes up to half of a file's time away. Files still include what they use.
set(std_headers <algorithm> <array> <chrono> <cstdint> <expected> <functional> <map> <memory>
                <mutex> <optional> <set> <span> <stdexcept> <string> <string_view> <thread>
                <unordered_map> <utility> <variant> <vector>)
set(empty ${CMAKE_BINARY_DIR}/precompiled.cpp)
file(CONFIGURE OUTPUT ${empty} CONTENT "")

function(vestibule_precompiled kind)
  add_library(vestibule_precompiled_${kind} OBJECT ${empty})
  target_precompile_headers(vestibule_precompiled_${kind} PRIVATE ${std_headers} ${ARGN})
  target_link_libraries(vestibule_precompiled_${kind} PRIVATE Boost::headers spdlog::spdlog fmt::fmt
                        GTest::gtest GTest::gmock)
endfunction()

vestibule_precompiled(std)
vestibule_precompiled(edge <boost/asio/awaitable.hpp> <spdlog/spdlog.h>)
vestibule_precompiled(test <gmock/gmock.h> <gtest/gtest.h>)

function(vestibule_precompile target kind)
  target_precompile_headers(${target} REUSE_FROM vestibule_precompiled_${kind})
endfunction()
