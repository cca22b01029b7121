# vestibule_precompile(TARGET std|edge|test): what nearly every file of ours includes is parsed once
# for all of them, which takes half of a file's time away. Files still include what they use: a build
# with -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON has to pass too.
set(std_headers <algorithm> <array> <chrono> <cstdint> <expected> <functional> <map> <memory>
                <mutex> <optional> <set> <span> <stdexcept> <string> <string_view> <thread>
                <unordered_map> <utility> <variant> <vector>)
set(empty ${CMAKE_BINARY_DIR}/precompiled.cpp)
file(CONFIGURE OUTPUT ${empty} CONTENT "")

function(vestibule_precompiled kind)
  add_library(vestibule_precompiled_${kind} OBJECT ${empty})
  target_precompile_headers(vestibule_precompiled_${kind} PRIVATE ${std_headers} ${ARGN})
endfunction()

vestibule_precompiled(std)
# Folders that answer HTTP.
vestibule_precompiled(edge <boost/asio/awaitable.hpp> <boost/json.hpp> <spdlog/spdlog.h>)
target_link_libraries(vestibule_precompiled_edge PRIVATE Boost::headers Boost::json spdlog::spdlog
                      fmt::fmt)
vestibule_precompiled(test <gmock/gmock.h> <gtest/gtest.h>)
target_link_libraries(vestibule_precompiled_test PRIVATE GTest::gtest GTest::gmock)

function(vestibule_precompile target kind)
  target_precompile_headers(${target} REUSE_FROM vestibule_precompiled_${kind})
endfunction()
