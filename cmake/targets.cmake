# skerry_library(NAME SOURCES … DEPENDS … PRIVATE …): one static library per folder.
#   DEPENDS: what its headers show (Skerry's own layers); PRIVATE: libraries confined to the folder.
function(skerry_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE" ${ARGN})
  add_library(skerry_${name} STATIC ${ARG_SOURCES})
  add_library(skerry::${name} ALIAS skerry_${name})
  target_include_directories(skerry_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(skerry_${name} PUBLIC ${ARG_DEPENDS} PRIVATE skerry_flags ${ARG_PRIVATE})
endfunction()

# skerry_test(NAME SOURCES … DEPENDS …): one GoogleTest binary, registered with CTest as NAME.
function(skerry_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name}_test ${ARG_SOURCES})
  target_link_libraries(${name}_test PRIVATE ${ARG_DEPENDS} skerry_flags GTest::gmock GTest::gtest_main)
  add_test(NAME unit_${name} COMMAND ${name}_test)
endfunction()

# skerry_fuzzer(NAME SOURCES … DEPENDS …): a libFuzzer binary fuzz_NAME (only with SKERRY_FUZZ).
function(skerry_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  if(SKERRY_FUZZ)
    add_executable(fuzz_${name} ${ARG_SOURCES})
    target_link_libraries(fuzz_${name} PRIVATE ${ARG_DEPENDS} skerry_flags)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  endif()
endfunction()
