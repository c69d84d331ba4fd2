# Language level, warnings, hardening and instrumentation, for every target of ours.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# As the dev preset. At CMake's own -O3 g++ 12 warns falsely of "text" + string (its bug 105651).
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
# Lines in backtraces; variables in a debugger want -DCMAKE_BUILD_TYPE=Debug. Half of a build's time
# went into the code of the tests: what they test is optimised, they themselves need not be.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(SKERRY_TEST_OPTIONS -O1 -g1)
endif()
include(CheckPIESupported)
check_pie_supported()  # without it CMake compiles for PIE, but does not link as one

set(SKERRY_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")
option(SKERRY_COVERAGE "Instrument for coverage" OFF)
# Most of a test's compilation goes into the headers that it reads: ten of them together take little
# longer than one. What a file keeps to itself needs a name of its own within its folder.
option(SKERRY_UNITY_TESTS "Compile the tests of a folder ten files at a time" ON)
option(SKERRY_FUZZ "Build the fuzz targets with libFuzzer (clang only)" OFF)

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

# Warnings. Each one switched off has its reason beside it.
add_library(skerry_flags INTERFACE)
target_compile_options(skerry_flags INTERFACE
  -Wall -Wextra -Wpedantic
  # Files that are compiled together shadow what another keeps to itself.
  $<$<NOT:$<BOOL:$<TARGET_PROPERTY:SKERRY_TOGETHER>>>:-Wshadow>
  -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Wcast-align -Wformat=2 -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(skerry_flags INTERFACE
    -Wno-null-dereference         # g++ 12 at -O2: false hits inside Asio
    -Wno-mismatched-new-delete)   # g++ 12 at -O2: false hits on Asio's recycled coroutine frames
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(skerry_flags INTERFACE -Wthread-safety)
endif()

# Hardening. _GLIBCXX_ASSERTIONS stays on in production: an index out of range aborts.
target_compile_definitions(skerry_flags INTERFACE _GLIBCXX_ASSERTIONS)
target_compile_options(skerry_flags INTERFACE -fstack-protector-strong)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(skerry_flags INTERFACE -fstack-clash-protection -fcf-protection)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64")
  target_compile_options(skerry_flags INTERFACE
    -fstack-clash-protection -mbranch-protection=standard)
endif()
target_link_options(skerry_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
# Fortify needs optimisation, and hides from the sanitizers what it replaces.
if(NOT SKERRY_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_options(skerry_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()

# Instrumentation: the first finding ends the process.
if(SKERRY_SANITIZE)
  target_compile_options(skerry_flags INTERFACE
    -fsanitize=${SKERRY_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
    -O1 -g1)  # what the sanitizers' manuals advise; compiles in half the time of -O2 -g
  target_link_options(skerry_flags INTERFACE -fsanitize=${SKERRY_SANITIZE})
  if(SKERRY_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # TSan does not model atomic_thread_fence, and g++ warns where Asio uses it.
    target_compile_options(skerry_flags INTERFACE -Wno-tsan)
  endif()
  if(SKERRY_SANITIZE MATCHES "undefined" AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # clang 14 cannot emit its function signatures for coroutines ("difference across sections").
    target_compile_options(skerry_flags INTERFACE -fno-sanitize=function)
  endif()
endif()
if(SKERRY_COVERAGE)
  target_compile_options(skerry_flags INTERFACE --coverage)
  target_link_options(skerry_flags INTERFACE --coverage)
endif()
