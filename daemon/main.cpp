// The one binary: the daemon and its command line.
#include <cstdio>
#include <exception>

#include "daemon/cli.hpp"

int main(int argc, char** argv) {
  try {
    return skerry::daemon::run_command_line(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "skerry: %s\n", error.what());
    return static_cast<int>(skerry::Exit::failed);
  }
}
