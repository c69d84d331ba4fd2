#include "daemon/stopped_machine.hpp"

#include "daemon/remember.hpp"

namespace skerry::daemon {

Result<std::unique_ptr<StoppedMachine>> StoppedMachine::open(const DataFolder& folder,
                                                             bool dry_run) {
  SKERRY_TRY_VOID(folder.must_be_owned());
  SKERRY_TRY_VOID(folder.must_be_initialised());
  SKERRY_TRY(auto database, store::Database::open(folder.path, {.upgrades = !dry_run}));
  std::optional<sync::Keys> keys;
  {
    const store::Reader reader = database->read();
    SKERRY_TRY(keys, load_own_keys(folder, *reader));
  }
  std::unique_ptr<StoppedMachine> machine(new StoppedMachine(std::move(*keys)));
  machine->database_ = std::move(database);
  machine->database_->set_participant(&machine->log_);
  machine->log_.load(*machine->database_->read());
  std::error_code ignored;
  const bool no_spool = dry_run && !std::filesystem::exists(folder.spool(), ignored);
  if (!no_spool) SKERRY_TRY_VOID(make_private_folder(folder.spool()));
  machine->node_.reset(new sync::Node{*machine->database_,
                                      machine->log_,
                                      machine->keys_,
                                      machine->clock_,
                                      machine->random_,
                                      no_spool ? folder.path : folder.spool(),
                                      SKERRY_VERSION,
                                      {},
                                      dry_run ? sync::Effect::tried : sync::Effect::lasting});
  return machine;
}

Result<void> StoppedMachine::remember(const std::filesystem::path& anchor_folder) {
  if (node_->effect == sync::Effect::tried) return check_private_folder(anchor_folder);
  SKERRY_TRY(store::AnchorFile anchor, store::AnchorFile::open(anchor_folder));
  anchor_.emplace(std::move(anchor));
  SKERRY_TRY_VOID(daemon::remember(*node_, *anchor_, keeper_));
  log_.on_commit([this](std::int64_t) { keeper_->keep(log_.own(), log_.trust_seen()); });
  return {};
}

}  // namespace skerry::daemon
