// What the others left on a medium about bundles of this machine.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/commands/commands.hpp"
#include "sync/medium.hpp"

namespace skerry::daemon {

class ReceiptsMet {
 public:
  void show(Session& session, const sync::Medium& medium, const sync::Party& self);
  // After the exchange, with the status then. What central refused before it admitted this site
  // again is no alarm where central's bundles lie beside it (`heard_now`): that is said, and counts
  // for nothing. By the clocks alone, which may differ, it stays one.
  Result<void> weigh(Session& session, const json::object& status, bool heard_now);
  // Whether the bundle has been where it goes to.
  bool names(const std::string& bundle) const { return named_.contains(bundle); }
  // Refusals that nobody mends but a person.
  std::int64_t refused() const { return static_cast<std::int64_t>(refused_at_.size()); }

 private:
  std::set<std::string> named_;
  std::vector<std::optional<UnixMillis>> refused_at_;  // as the receipts have it: anybody's claim
};

// What this machine leaves there. The bundles count, and say the same: what is in the way of a
// receipt is told, and holds up none of them.
class ReceiptsLeft {
 public:
  // About the bundles of one sender. Errc::storage_full: the medium takes no more.
  Result<void> write(Session& session, const sync::Medium& medium, const sync::Party& self,
                     const std::string& sender, const std::vector<sync::ReceiptLine>& lines);
  // Of the first that is not written.
  const std::optional<Error>& failure() const { return failure_; }

 private:
  std::optional<Error> failure_;
};

}  // namespace skerry::daemon
