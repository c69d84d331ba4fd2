// Other programs, run without a shell.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace skerry::daemon {

struct Ran {
  int status = 0;   // exit code; 128 + the signal that ended it
  std::string out;  // its stdout
};

// Runs `words` and waits; the first is looked up in PATH. Its stdin is /dev/null, its stderr ours
// unless `quiet`. Of its output the last `out_bytes_max` bytes are kept. Errc::not_found when there
// is no such program, Errc::io_failed.
Result<Ran> run_program(const std::vector<std::string>& words, std::size_t out_bytes_max,
                        bool quiet = false);

// Starts `words` in a session of its own, with its stderr behind the end of `log`, and returns when
// the first line of its stdout begins with `ready`; it goes on when we end. Errc::io_failed when it
// ends before, or says nothing for a minute and is killed.
Result<void> start_program(const std::vector<std::string>& words, const std::filesystem::path& log,
                           std::string_view ready);

}  // namespace skerry::daemon
