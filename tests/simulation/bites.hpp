// Proves that the checks bite: runs are spoilt behind the engine's back, each in one way, and every
// way must be noticed.
#pragma once

#include <cstdint>

namespace skerry::sim {

// Tries each way on seeds from `first` on, at most `seeds_max`, until it could be done; 0 when
// every way was noticed.
int run_bites(std::uint64_t first, std::uint64_t seeds_max);

}  // namespace skerry::sim
