// What the command line says: results on stdout, talk on stderr (docs/design: API "CLI").
#pragma once

#include <chrono>
#include <cstdint>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.hpp"
#include "core/strict_json.hpp"

namespace skerry::daemon {

// One thread.
class Terminal {
 public:
  explicit Terminal(bool json_output);

  bool json_output() const { return json_; }
  bool can_ask() const { return can_ask_; }

  // A line of the result, for people; dropped with --json.
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    if (!json_) write_result(fmt::format(format, std::forward<Args>(args)...));
  }
  // The result for programs: one line of JSON; dropped without --json.
  void document(const json::value& value);
  // The last line: what to do now; a comment for people.
  void next(std::string_view step);
  // Talk.
  template <class... Args>
  void talk(fmt::format_string<Args...> format, Args&&... args) {
    write_talk(fmt::format(format, std::forward<Args>(args)...));
  }
  // "skerry: <detail>", each complaint, "Next: …"; with --json also an object on stdout.
  void error(const Error& error);
  // Errc::io_failed, Errc::storage_full when something of the result could not be written; a reader
  // who has read enough is none.
  Result<void> check_written() const;
  // Asks on the terminal; nullopt at the end of input.
  std::optional<std::string> ask(std::string_view question);

  // A control character of a foreign text cannot drive the terminal: they are shown as '?'.
  static std::string clean(std::string_view text);
  // The same of a name that a medium chose: it stays within its line.
  static std::string name(std::string_view text);

 private:
  void write_result(std::string_view text);
  void write_talk(std::string_view text);
  void write_out(std::string_view line);

  int lost_ = 0;  // why a line of the result was not written: errno of the last such
  bool json_;
  bool can_ask_;
  bool colour_;  // of stderr
};

// Says how far long work is: in place on a terminal, a plain line every 10 s when piped.
class Progress {
 public:
  Progress(Terminal& terminal, std::string_view what);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void at(std::uint64_t done, std::uint64_t total);

 private:
  using Clock = std::chrono::steady_clock;
  Terminal& terminal_;
  std::string what_;
  Clock::time_point started_;
  Clock::time_point said_;
  bool in_place_;
  bool shown_ = false;
};

// "3 records", "1 record".
std::string counted(std::int64_t count, std::string_view noun);
// Bytes for people: "12.3 MiB".
std::string sized(std::uint64_t bytes);

}  // namespace skerry::daemon
