// The one binary: the daemon and its command line.
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <unistd.h>

#include "daemon/cli.hpp"

namespace {

// What the caller has closed is not given to the next file: talk would be written into that.
bool keep_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != fd) return false;
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (!keep_standard_streams()) return static_cast<int>(skerry::Exit::io);
  try {
    return skerry::daemon::run_command_line(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "skerry: %s\n", error.what());
    return static_cast<int>(skerry::Exit::failed);
  }
}
