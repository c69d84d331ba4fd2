// The command line: reads the arguments, runs one command, gives its exit code.
#pragma once

#include "core/errc.hpp"

namespace skerry::daemon {

int run_command_line(int argc, const char* const* argv);

}  // namespace skerry::daemon
