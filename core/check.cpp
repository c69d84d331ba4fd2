#include "core/check.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>

#include "core/log.hpp"

namespace skerry {

void check_failed(const char* expression, const char* file, int line) noexcept {
  std::array<char, 1024> text{};
  std::snprintf(text.data(), text.size(), "skerry: check failed: %s at %s:%d", expression, file,
                line);
  write_log_line(Level::critical, text.data());
  std::abort();
}

}  // namespace skerry
