#include "core/log.hpp"

#include <array>
#include <atomic>
#include <cstdlib>
#include <sys/stat.h>
#include <unistd.h>

namespace skerry {
namespace {

std::atomic<int> level_max{static_cast<int>(Level::info)};

constexpr std::size_t line_bytes_max = 4096;  // longer text is cut

// Asked for each line: a program may be started with another stderr than ours was.
bool is_journal() noexcept {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat status {};
  if (!stream || ::fstat(STDERR_FILENO, &status) != 0) return false;
  std::array<char, 48> own;
  const auto end =
      fmt::format_to_n(own.data(), own.size(), "{}:{}", status.st_dev, status.st_ino).out;
  return std::string_view(own.data(), static_cast<std::size_t>(end - own.data())) == stream;
}

constexpr std::array<std::string_view, 8> journal_marks{"<0>", "<1>", "<2>", "<3>",
                                                        "<4>", "<5>", "<6>", "<7>"};
constexpr std::array<std::string_view, 8> marks{
    "", "", "critical: ", "error: ", "warning: ", "", "", "debug: "};
constexpr std::size_t mark_bytes_max = 10;

}  // namespace

void set_log_level(Level level) noexcept {
  level_max.store(static_cast<int>(level), std::memory_order_relaxed);
}

bool log_enabled(Level level) noexcept {
  return static_cast<int>(level) <= level_max.load(std::memory_order_relaxed);
}

void write_log_line(Level level, std::string_view text) noexcept {
  std::array<char, mark_bytes_max + line_bytes_max + 1> line;
  const auto& known = is_journal() ? journal_marks : marks;
  std::size_t size = known[static_cast<std::size_t>(level)].copy(line.data(), mark_bytes_max);
  for (const char c : text.substr(0, line_bytes_max)) {
    const auto byte = static_cast<unsigned char>(c);
    line[size++] = byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  line[size++] = '\n';
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), size);
}

}  // namespace skerry
