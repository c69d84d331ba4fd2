// Bundles that were refused as being of a newer version, and kept, are taken in by the program that
// knows it (SYNC 4.10).
#pragma once

#include "sync/node.hpp"
#include "sync/spool.hpp"

namespace skerry::sync {

struct Retried {
  std::int64_t taken = 0;  // and no longer kept
  std::int64_t left = 0;
};

// Once for each version of the program: what the same program tried before stays as it is.
Retried retry_kept(const Node& node, const Spool& spool);

}  // namespace skerry::sync
