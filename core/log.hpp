// One line to stderr per event: with the priority prefix that journald reads (sd-daemon(3)) when
// stderr is the journal, which JOURNAL_STREAM tells (systemd.exec(5)); with a word for people else.
// Levels say who must act: critical wakes somebody now, error is for today, warning for this week;
// notice and info are for whoever reads along, debug is off unless asked for.
#pragma once

#include <fmt/format.h>
#include <string_view>
#include <utility>

namespace skerry {

enum class Level : int { critical = 2, error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

// Levels after `level` are dropped. Starts at info. Any thread.
void set_log_level(Level level) noexcept;
bool log_enabled(Level level) noexcept;

// Writes "<3>text\n" or "error: text\n" with one write(2), so that lines of several threads never
// mix. Line breaks and other control bytes inside `text` are written as '?': a client's text cannot
// forge a line. Never throws; a line that cannot be written is lost.
void write_log_line(Level level, std::string_view text) noexcept;

// log(Level::error, "request {}: {}", id, what);
template <class... Args>
void log(Level level, fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(level)) write_log_line(level, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace skerry
