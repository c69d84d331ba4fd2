# skerry_library(NAME SOURCES … DEPENDS … PRIVATE …): one static library per folder.
#   DEPENDS: what its headers show (Skerry's own layers); PRIVATE: libraries confined to the folder.
function(skerry_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE" ${ARGN})
  add_library(skerry_${name} STATIC ${ARG_SOURCES})
  add_library(skerry::${name} ALIAS skerry_${name})
  target_include_directories(skerry_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(skerry_${name} PUBLIC ${ARG_DEPENDS} PRIVATE skerry_flags ${ARG_PRIVATE})
  # Boost.JSON, fmt and the standard library take two seconds a file; read once, shared by all
  # folders but api/, whose own holds Asio and Beast.
  if(name STREQUAL "core")
    target_precompile_headers(skerry_core PRIVATE
      <boost/json.hpp> <fmt/format.h> <tl/expected.hpp>
      <functional> <map> <memory> <optional> <string> <unordered_map> <vector>)
  elseif(NOT name STREQUAL "api")
    target_precompile_headers(skerry_${name} REUSE_FROM skerry_core)
  endif()
endfunction()

# skerry_test(NAME SOURCES … DEPENDS …): one GoogleTest binary, registered with CTest as unit_NAME.
function(skerry_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name}_test ${ARG_SOURCES})
  target_link_libraries(${name}_test PRIVATE
    ${ARG_DEPENDS} skerry_flags GTest::gmock GTest::gtest_main)
  target_compile_options(${name}_test PRIVATE ${SKERRY_TEST_OPTIONS})
  target_precompile_headers(${name}_test PRIVATE
    <boost/json.hpp> <fmt/format.h> <gmock/gmock.h> <gtest/gtest.h> <tl/expected.hpp>
    <functional> <map> <memory> <optional> <string> <vector>)
  set_target_properties(${name}_test PROPERTIES
    UNITY_BUILD ${SKERRY_UNITY_TESTS} UNITY_BUILD_BATCH_SIZE 10
    SKERRY_TOGETHER ${SKERRY_UNITY_TESTS})
  # Brief, so that a log of a failure that is cut short still says which test it was.
  add_test(NAME unit_${name} COMMAND ${name}_test --gtest_brief=1)
  set_tests_properties(unit_${name} PROPERTIES LABELS unit TIMEOUT 300)
endfunction()

# skerry_fuzzer(NAME SOURCES … DEPENDS …): LLVMFuzzerTestOneInput as fuzz_NAME. With SKERRY_FUZZ it
# is a libFuzzer binary; otherwise it replays tests/fuzz/corpus/NAME, registered as corpus_NAME.
function(skerry_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(fuzz_${name} ${ARG_SOURCES})
  target_link_libraries(fuzz_${name} PRIVATE ${ARG_DEPENDS} skerry_flags)
  if(SKERRY_FUZZ)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers fuzz_${name})
  else()
    target_link_libraries(fuzz_${name} PRIVATE fuzz_replay)
    add_test(NAME corpus_${name}
             COMMAND fuzz_${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
    set_tests_properties(corpus_${name} PROPERTIES LABELS unit TIMEOUT 300)
  endif()
endfunction()
