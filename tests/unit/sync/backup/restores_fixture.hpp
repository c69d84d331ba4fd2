// A central and its site, put back from backups: what that costs, and what is saved of it.
#pragma once

#include <gmock/gmock.h>

#include "store/sqlite/wal.hpp"
#include "sync/backup/saved_changes.hpp"
#include "sync/recall.hpp"
#include "tests/unit/sync/backup/backup_fixture.hpp"
#include "tests/unit/sync/bundle_fixture.hpp"
#include "tests/unit/sync/reconcile_epochs_fixture.hpp"

namespace skerry::sync {

class Restores : public Epochs {
 protected:
  // The machine as a backup of now would bring it back, marked as the restore does: the machine
  // itself never is, or it would go on in `next` itself.
  sim::Image backup_of(Machine& at, bool harmless = false) {
    sim::Image image = at.image();
    const std::filesystem::path file = folder / "marked.db";
    test::write_file(file, image.database);
    {
      const auto connection = store::Connection::open(file, store::Connection::Mode::read_write);
      mark_restored(*connection, next, harmless);
      store::Wal(*connection).checkpoint_fully();
    }
    image.database = test::read_file(file);
    std::filesystem::remove(file);
    return image;
  }
  RestoreCost cost(Machine& at, const sim::Image& backup) {
    const std::filesystem::path file = folder / "there.db";
    test::write_file(file, backup.database);
    const auto there = store::Connection::open(file, store::Connection::Mode::immutable);
    return at.read([&](store::Connection& here) { return restore_cost(here, *there); });
  }
  // As the command does, with the anchor as it is.
  void put_back_noting(Machine& at, sim::Image backup) {
    const RestoreCost known = cost(at, backup);
    const std::filesystem::path file = folder / "noted.db";
    test::write_file(file, backup.database);
    {
      const auto there = store::Connection::open(file, store::Connection::Mode::read_write);
      mark_restored(*there, new_id<EpochId>(system_random), known.harmless);
      at.read([&](store::Connection& here) { note_losses(here, known, *there, now); });
      store::Wal(*there).checkpoint_fully();
    }
    backup.database = test::read_file(file);
    std::filesystem::remove(file);
    at.put_back(backup, false);
  }
  std::vector<Bytes> saved(Machine& at, const sim::Image& backup) {
    std::vector<Bytes> bundles;
    const auto packed =
        pack_saved(at.node(), cost(at, backup), next, [&](PackedBundle&& bundle) -> Result<void> {
          names.push_back(bundle.name);
          bundles.push_back(sim::read_whole(bundle.bundle.file.fd(), bundle.bundle.size));
          return {};
        });
    EXPECT_TRUE(packed) << packed.error().detail;
    return bundles;
  }
  Result<Reapplied> reapply(Machine& at, const Bytes& bundle) {
    return reapply_saved(at.node(), test::file_of(bundle));
  }

  crypto::SystemRandom system_random;
  EpochId next = new_id<EpochId>(system_random);
  std::vector<std::string> names;  // of the bundles
};

}  // namespace skerry::sync
