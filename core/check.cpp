#include "core/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace skerry {

void check_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "<2>skerry: check failed: %s at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace skerry
