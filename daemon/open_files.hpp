// Room for open files. A connection takes up to two: its socket, and a file that it sends or
// spools. The usual soft limit, 1024, is less than the connections need that we promise.
#pragma once

#include <cstddef>
#include <sys/resource.h>

namespace skerry::daemon {

struct OpenFiles {
  rlim_t soft_limit = 0;
  std::size_t connections = 0;  // that fit below it, at least 1
};

// What to set for `connections`, where `now` is in force: never less than now, never over the hard
// limit.
OpenFiles plan_open_files(const rlimit& now, std::size_t connections);

// Raises the soft limit of this process for `connections` and gives how many of them fit; where
// that is fewer, the log says what to do.
std::size_t make_room_for(std::size_t connections);

}  // namespace skerry::daemon
