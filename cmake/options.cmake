# Language level, warnings, hardening and instrumentation, for every target of ours.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

set(SKERRY_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")
option(SKERRY_COVERAGE "Instrument for coverage" OFF)
option(SKERRY_FUZZ "Build the fuzz targets with libFuzzer (clang only)" OFF)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

add_library(skerry_flags INTERFACE)
target_compile_options(skerry_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Wcast-align -Wformat=2 -Werror
  -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False positives inside Asio at -O2 with g++ 12 (measured).
  target_compile_options(skerry_flags INTERFACE
    -Wno-null-dereference -Wno-mismatched-new-delete -fstack-clash-protection -fcf-protection)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(skerry_flags INTERFACE -Wthread-safety)
endif()
target_link_options(skerry_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
target_compile_definitions(skerry_flags INTERFACE _GLIBCXX_ASSERTIONS)
if(NOT SKERRY_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_definitions(skerry_flags INTERFACE _FORTIFY_SOURCE=2)
endif()
if(SKERRY_SANITIZE)
  target_compile_options(skerry_flags INTERFACE
    -fsanitize=${SKERRY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(skerry_flags INTERFACE -fsanitize=${SKERRY_SANITIZE})
  if(SKERRY_SANITIZE MATCHES "undefined" AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # clang 14 cannot emit its function signatures for coroutines ("difference across sections").
    target_compile_options(skerry_flags INTERFACE -fno-sanitize=function)
  endif()
  if(SKERRY_SANITIZE MATCHES "thread")
    # atomic_thread_fence is not modelled by TSan; Asio uses it.
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(skerry_flags INTERFACE -Wno-tsan)
    endif()
  endif()
endif()
if(SKERRY_COVERAGE)
  target_compile_options(skerry_flags INTERFACE --coverage)
  target_link_options(skerry_flags INTERFACE --coverage)
endif()
