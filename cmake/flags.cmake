# Flags of every target of ours.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -fno-omit-frame-pointer)
add_link_options(-fuse-ld=lld)
# Without it ccache would see another precompiled header after each build of one.
add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
# Beast and Asio are compiled once, in http/asio.cpp, instead of in every file that includes them.
add_compile_definitions(BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
                        BOOST_ASIO_NO_DEPRECATED)
if(VESTIBULE_SANITIZE)
  add_compile_options(-fsanitize=${VESTIBULE_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${VESTIBULE_SANITIZE})
endif()
if(VESTIBULE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()
if(VESTIBULE_COVERAGE)
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
  add_link_options(-fprofile-instr-generate)
endif()
