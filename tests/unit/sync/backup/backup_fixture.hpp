// Central and its sites, a recovery key, and a folder for backups.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/backups.hpp"
#include "sync/backup/file.hpp"
#include "sync/backup/folder.hpp"
#include "sync/backup/make.hpp"
#include "tests/unit/sync/reconcile_fixture.hpp"

namespace skerry::sync {

class Backups : public Reconcile {
 protected:
  Backups() { std::filesystem::create_directory(place); }

  template <class T>
  static void must(const Result<T>& result) {
    if (!result) throw std::runtime_error(result.error().detail);
  }

  // Each moves the world's clock on: a name tells milliseconds.
  Result<MadeBackup> make(Machine& at, const std::filesystem::path& target) {
    now += 1000;
    return make_backup(at.node(), {target, scratch_of(at), recovery.recipient()}, progress);
  }
  Result<MadeBackup> make(Machine& at) { return make(at, place); }
  Result<MadeBackup> verify(Machine& at, const std::filesystem::path& file) {
    now += 1000;
    return verify_backup(at.node(), file, scratch_of(at), progress);
  }
  static std::filesystem::path scratch_of(const Machine& at) { return at.folder / "scratch"; }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(place))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  static std::vector<store::Backup> rows(Machine& at) {
    return at.read(
        [](store::Connection& connection) { return store::list_backups(connection, 100); });
  }
  std::int64_t durable(Machine& of) {
    return central.read([&](store::Connection& connection) -> std::int64_t {
      const auto found = store::find_epoch(connection, of.log->own().epoch);
      return found ? found->durable : -1;
    });
  }
  static std::int64_t scalar(Machine& at, std::string_view sql) {
    return at.read([&](store::Connection& connection) -> std::int64_t {
      auto cursor = connection.query(sql);
      return cursor.next() ? cursor.integer(0) : -1;
    });
  }

  crypto::SystemRandom system_random;
  crypto::AgeIdentity recovery = crypto::AgeIdentity::generate(system_random);
  std::filesystem::path place = folder / "backups";
  std::vector<std::string> steps;  // as `progress` was told
  std::string refuse_at;           // the step at which `progress` fails, for this:
  Errc refuse_by = Errc::io_failed;
  BackupProgress progress = [this](std::string_view step, std::uint64_t,
                                   std::uint64_t) -> Result<void> {
    if (steps.empty() || steps.back() != step) steps.emplace_back(step);
    if (step == refuse_at) return fail(refuse_by, "the disk is gone");
    return {};
  };
};

}  // namespace skerry::sync
