#include "core/log.hpp"

#include <array>
#include <atomic>
#include <unistd.h>

namespace skerry {
namespace {

std::atomic<int> level_max{static_cast<int>(Level::info)};

constexpr std::size_t line_bytes_max = 4096;  // longer text is cut

}  // namespace

void set_log_level(Level level) noexcept {
  level_max.store(static_cast<int>(level), std::memory_order_relaxed);
}

bool log_enabled(Level level) noexcept {
  return static_cast<int>(level) <= level_max.load(std::memory_order_relaxed);
}

void write_log_line(Level level, std::string_view text) noexcept {
  std::array<char, line_bytes_max + 4> line;
  line[0] = '<';
  line[1] = static_cast<char>('0' + static_cast<int>(level));
  line[2] = '>';
  std::size_t size = 3;
  for (const char c : text.substr(0, line_bytes_max)) {
    const auto byte = static_cast<unsigned char>(c);
    line[size++] = byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  line[size++] = '\n';
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), size);
}

}  // namespace skerry
