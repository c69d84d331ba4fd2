// The memory of a machine outside of its database, as the daemon and the commands without one use
// it.
#pragma once

#include <optional>

#include "store/anchor.hpp"
#include "sync/node.hpp"

namespace skerry::daemon {

// Before the first write: does the database know all that this machine did? `keeper` is for the
// anchor to follow it from then on. Errors as of sync::recall().
Result<void> remember(const sync::Node& node, store::AnchorFile& anchor,
                      std::optional<store::AnchorKeeper>& keeper);

}  // namespace skerry::daemon
