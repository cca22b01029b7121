# vestibule_folder(NAME [LINK libraries...] [TEST_LINK libraries...])
# One target a folder: libvestibule_NAME from every *.cpp, and NAME_test from every *_test.cpp.
# Links between folders are the only permitted includes between them; tests/lint holds the two together.
function(vestibule_folder name)
  cmake_parse_arguments(arg "" "" "LINK;TEST_LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp
       ${CMAKE_CURRENT_SOURCE_DIR}/*/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  add_library(vestibule_${name} STATIC ${sources})
  target_include_directories(vestibule_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(vestibule_${name} PUBLIC ${arg_LINK})
  if(tests AND NOT VESTIBULE_FUZZ)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE vestibule_${name} ${arg_TEST_LINK} GTest::gtest
                          GTest::gmock GTest::gtest_main)
    add_test(NAME ${name} COMMAND ${name}_test)
    set_tests_properties(${name} PROPERTIES LABELS "unit;${name}" TIMEOUT 300)
  endif()
endfunction()
