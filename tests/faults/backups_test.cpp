// Backups and restores on a failing disk.
#include "crypto/secret.hpp"
#include "daemon/init.hpp"
#include "daemon/restore.hpp"
#include "daemon/stopped_machine.hpp"
#include "sync/backup/folder.hpp"
#include "sync/backup/make.hpp"
#include "tests/faults/faults_test.hpp"
#include "tests/unit/temporary_folder.hpp"

namespace skerry::faults {
namespace {

namespace fs = std::filesystem;

const sync::BackupProgress no_progress = [](std::string_view, std::uint64_t,
                                            std::uint64_t) -> Result<void> { return {}; };

const crypto::AgeIdentity& recovery_key() {
  static const crypto::AgeIdentity key = [] {
    sim::Rng random(11);
    return crypto::AgeIdentity::generate(random);
  }();
  return key;
}

// A file that has a backup's name is one.
class Backup : public MachineStory {
 public:
  explicit Backup(const fs::path& folder_in) : MachineStory(folder_in, 0) {}
  void begin() override {
    start();
    must(add_customer(*machine, "kept"), "writing");
    fs::create_directory(place());
  }
  Result<void> act() override {
    return sync::make_backup(machine->node(),
                             {place(), folder / "scratch", recovery_key().recipient()}, no_progress)
        .map([](const sync::MadeBackup&) {});
  }
  // The time is in its name, and stands still here.
  Result<void> act_again() override {
    machine->clock.skew_ms += 60'000;
    return act();
  }
  void check(bool acknowledged) override {
    look();
    expect(count(*machine, "customer") == 1, "the backup changed the machine");
    std::size_t good = 0;
    for (const sync::FoundBackup& found : must(sync::find_backups(place()), "looking")) {
      const auto verified = sync::verify_backup(machine->node(), place() / found.name,
                                                folder / "scratch", no_progress);
      expect(verified.has_value(), verified ? "" : found.name + ": " + verified.error().detail);
      ++good;
    }
    expect(!acknowledged || good > 0, "acknowledged and lost");
    machine->clock.skew_ms += 120'000;
    must(act(), "backing up afterwards");
  }

 private:
  fs::path place() const { return folder / "place"; }
};

// A data folder, a backup of it, and one change that is not in the backup: made once.
struct Restorable {
  TemporaryFolder folder;
  fs::path data = folder / "data";
  fs::path anchor = folder / "data.anchor";
  fs::path backup = folder / "made.backup";

  Restorable() {
    must(daemon::initialise({data, anchor, Role::central, "vendor"}), "initialising");
    const auto machine = must(daemon::StoppedMachine::open({data}), "opening");
    must(machine->remember(anchor), "remembering");
    add(*machine, "in the backup");
    must(sync::make_backup(machine->node(),
                           {backup, folder / "scratch", recovery_key().recipient()}, no_progress),
         "backing up");
    add(*machine, "after it");
  }
  static void add(const daemon::StoppedMachine& machine, const std::string& name) {
    auto work = [&](store::Connection& connection) -> Result<void> {
      return add_customer(connection, machine.node(), Role::central, name);
    };
    must(machine.node().database.write(work), "writing");
  }
};

// The old state or the one of the backup, and a safety copy beside the latter.
class Restore : public Story {
 public:
  explicit Restore(const fs::path& folder) : folder_(folder) { made(); }
  void begin() override {
    fs::copy(made().data, data(), fs::copy_options::recursive);
    fs::copy(made().anchor, anchor(), fs::copy_options::recursive);
    for (const fs::path& each : {data(), data() / "keys"})
      fs::permissions(each, fs::perms::owner_all);
  }
  Result<void> act() override {
    daemon::Config config;
    config.data_folder = data();
    const auto yes = [](const daemon::RestorePreview&) -> Result<bool> { return true; };
    SKERRY_TRY(const auto report,
               daemon::restore_backup(config, {made().backup, "", {}}, no_progress, yes));
    expect(report.has_value(), "confirmed, and not done");
    return {};
  }
  void check(bool acknowledged) override {
    const std::int64_t found = customers();
    expect_old_or_new(found, 2, 1, acknowledged);
    must(act(), "restoring afterwards");
    expect(customers() == 1, "not restored afterwards");
  }
  static const Restorable& made() {
    static const Restorable once;
    return once;
  }

 private:
  std::int64_t customers() {
    const auto machine = must(daemon::StoppedMachine::open({data()}), "opening");
    must(machine->remember(anchor()), "remembering");
    const store::Reader reader = machine->node().database.read();
    check_whole(*reader);
    auto cursor = reader->query("SELECT count(*) FROM customer");
    return cursor.next() ? cursor.integer(0) : -1;
  }
  fs::path data() const { return folder_ / "data"; }
  fs::path anchor() const { return folder_ / "data.anchor"; }

  const fs::path folder_;
};

INSTANTIATE_TEST_SUITE_P(Backups, FaultyDisk,
                         testing::Combine(testing::Values(operation<Backup>("backup", 20),
                                                          operation<Restore>("restore", 20)),
                                          testing::ValuesIn(all_faults)),
                         name_of_trial);

}  // namespace
}  // namespace skerry::faults
