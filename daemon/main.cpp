// The one binary: the daemon and its command line.
#include <csignal>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <unistd.h>

#include "daemon/cli.hpp"

namespace {

// What the caller has closed is not given to the next file: talk would be written into that. Nor
// can it be used: a result that nobody gets is an error.
bool keep_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    const int useless = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", useless) != fd) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (!keep_standard_streams()) return static_cast<int>(skerry::Exit::io);
  std::signal(SIGXFSZ, SIG_IGN);  // a limit of file sizes is a full disk: the write fails
  try {
    return skerry::daemon::run_command_line(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "skerry: %s\n", error.what());
    return static_cast<int>(skerry::Exit::failed);
  }
}
