# Every third-party library, found once and confined to the folder beside it (ARCHITECTURE.md).
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)  # Boost.JSON everywhere; Asio and Beast in api/
find_package(fmt REQUIRED)                         # everywhere
find_path(TL_EXPECTED_INCLUDE tl/expected.hpp REQUIRED)  # core/result.hpp
find_package(OpenSSL 3.0 REQUIRED)                 # crypto/
find_package(PkgConfig REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium>=1.0.18)  # crypto/signing
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3>=3.40)  # store/
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd>=1.5)     # sync/
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl>=7.88)    # sync/
find_path(CSV_INCLUDE csv.h REQUIRED)              # store/
find_library(CSV_LIBRARY csv REQUIRED)
find_path(CLI11_INCLUDE CLI/CLI.hpp REQUIRED)      # daemon/
find_package(tomlplusplus REQUIRED)                # daemon/
pkg_check_modules(QRENCODE REQUIRED IMPORTED_TARGET libqrencode>=4)  # daemon/qr_code
find_package(GTest REQUIRED)                       # tests/
find_package(benchmark REQUIRED)                   # bench/
