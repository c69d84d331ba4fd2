// A machine whose daemon does not run, for the commands that do without one.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "core/clock.hpp"
#include "crypto/secret.hpp"
#include "daemon/folder.hpp"
#include "store/anchor.hpp"
#include "store/database.hpp"
#include "sync/node.hpp"

namespace skerry::daemon {

// Holds the data folder's lock while it lives. One thread.
class StoppedMachine {
 public:
  // Errc::locked while a daemon runs; errors as of Database::open and load_own_keys. With `dry_run`
  // nothing that its node writes stays, and a database of an earlier version is left as it is.
  static Result<std::unique_ptr<StoppedMachine>> open(const DataFolder& folder,
                                                      bool dry_run = false);
  const sync::Node& node() const { return *node_; }
  // Before it writes to its log: as the daemon does when it starts. Nothing in a dry run.
  Result<void> remember(const std::filesystem::path& anchor_folder);

 private:
  explicit StoppedMachine(sync::Keys keys) : keys_(std::move(keys)) {}

  SystemClock clock_;
  crypto::SystemRandom random_;
  sync::Keys keys_;
  store::ChangeLog log_{clock_};  // outlives the database, whose participant it is
  std::optional<store::AnchorFile> anchor_;
  std::optional<store::AnchorKeeper> keeper_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<sync::Node> node_;
};

}  // namespace skerry::daemon
