#include "daemon/remember.hpp"

#include "core/log.hpp"
#include "daemon/machine_print.hpp"
#include "store/own_epochs.hpp"
#include "sync/recall.hpp"

namespace skerry::daemon {

Result<void> remember(const sync::Node& node, store::AnchorFile& anchor,
                      std::optional<store::AnchorKeeper>& keeper) {
  const store::MachinePrint machine = read_machine_print("/");
  SKERRY_TRY(const store::Identity identity, sync::identity_of(node));
  SKERRY_TRY(const std::string lost_memory, sync::recall(node, anchor, machine));
  if (!lost_memory.empty()) log(Level::warning, "{}", lost_memory);
  const EpochId origin = store::first_epoch(*node.database.read());
  keeper.emplace(anchor, identity.id, origin, machine);
  keeper->keep(node.log.own(), node.log.trust_seen());
  return {};
}

}  // namespace skerry::daemon
