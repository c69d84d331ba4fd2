#include "daemon/restore.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fmt/format.h>
#include <system_error>
#include <unistd.h>

#include "core/clock.hpp"
#include "core/timestamp.hpp"
#include "crypto/file.hpp"
#include "crypto/secret.hpp"
#include "daemon/folder.hpp"
#include "store/anchor.hpp"
#include "store/database.hpp"
#include "store/own_epochs.hpp"
#include "store/sqlite/backup.hpp"
#include "store/sqlite/folder_lock.hpp"
#include "store/sqlite/wal.hpp"
#include "sync/backup/make.hpp"
#include "sync/backup/saved_changes.hpp"
#include "sync/backup/scratch.hpp"
#include "sync/part_file.hpp"
#include "sync/recall.hpp"

namespace skerry::daemon {
namespace {

namespace fs = std::filesystem;
using store::Connection;

constexpr std::size_t key_bytes_max = 16 * 1024;
constexpr const char* database_files[] = {"skerry.db", "skerry.db-wal", "skerry.db-shm"};

// SQLite's complaints about one database, as an Error.
template <class Work>
auto reading(const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (const store::StorageError& error) {
    return fail(error.as_error());
  }
}

// One restore, step by step.
class Restore {
 public:
  Restore(const Config& config, fs::path file, OpenedBackup backup, sync::ScratchFolder scratch)
      : folder_{config.data()},
        anchor_(config.anchor()),
        file_(std::move(file)),
        backup_(std::move(backup)),
        manifest_(backup_.reader.manifest()),
        scratch_(std::move(scratch)),
        next_(new_id<EpochId>(random_)) {}

  // The backup as it will be put in place, checked.
  Result<void> unpack(const sync::BackupProgress& progress) {
    SKERRY_TRY_VOID(sync::check_space(scratch_.path(), manifest_.payload.plain_size));
    SKERRY_TRY_VOID(backup_.reader.unpack(backup_.identities, restored(), progress));
    SKERRY_TRY(keys_, sync::open_keys(manifest_.keys, backup_.identities));
    return sync::check_database(restored(), manifest_, progress);
  }

  // What is here.
  Result<RestorePreview> look() {
    RestorePreview preview{manifest_, backup_.signer, backup_.vouched, false, false, {}, {}, {}};
    SKERRY_TRY_VOID(must_be_this_machine());
    preview.bare = !is_there(folder_.database());
    preview.gone = folder_.lost_database();
    SKERRY_TRY(const auto anchor, read_anchor());
    std::int64_t kept = 0;
    if (anchor)
      kept = end_of(anchor->epoch, *Connection::open(restored(), Connection::Mode::immutable));
    if (!preview.bare) SKERRY_TRY_VOID(look_at_database(preview, anchor, kept));
    if (anchor) preview.lost = std::max<std::int64_t>(0, anchor->seq - kept);
    return preview;
  }

  // In a folder of its own: <data folder>/before-restore-<time>.
  Result<RestoreReport> keep_what_is_here(const RestorePreview& preview) {
    RestoreReport report;
    if (preview.bare) return report;
    SKERRY_TRY_VOID(check_space_for_safety());
    report.safety = folder_.path / ("before-restore-" + stamp());
    Result<void> kept = keep_into(preview, report);
    std::error_code ignored;
    if (!kept) fs::remove_all(report.safety, ignored);
    return kept.map([&] { return std::move(report); });
  }

  // From the rename on it is the restored machine.
  Result<void> swap(const RestorePreview& preview) {
    {
      const auto connection = Connection::open(restored(), Connection::Mode::read_write);
      const UnixMillis now = SystemClock().wall_ms();
      sync::mark_restored(*connection, next_, is_harmless(preview));
      SKERRY_TRY_VOID(sync::note_restored(*connection, file_, manifest_, now));
      if (preview.cost)
        sync::note_losses(*Connection::open(folder_.database(), Connection::Mode::immutable),
                          *preview.cost, *connection, now);
      store::Wal(*connection).checkpoint_fully();
    }
    SKERRY_TRY_VOID(store::sync_path(restored()));
    SKERRY_TRY_VOID(put_back_keys());
    // A log of the old database would be taken for one of the new. What was readable has none since
    // look(); of what was not, the safety copy has it.
    for (const char* name : {"skerry.db-wal", "skerry.db-shm"})
      if (::unlink((folder_.path / name).c_str()) != 0 && errno != ENOENT)
        return fail(sync::system_error(errno, fmt::format("removing {}", name)));
    if (::rename(restored().c_str(), folder_.database().c_str()) != 0)
      return fail(sync::system_error(errno, "putting the database in place"));
    SKERRY_TRY_VOID(store::sync_path(folder_.path));
    if (is_there(folder_.config())) return {};
    return crypto::create_file_atomically(folder_.config(), as_bytes(config_template()), 0640);
  }

 private:
  // `kept`: how far the anchor's epoch is in a database that is left.
  Result<void> look_at_database(RestorePreview& preview, const std::optional<store::Anchor>& anchor,
                                std::int64_t& kept) {
    auto cost = reading([&]() -> Result<sync::RestoreCost> {
      settle();
      const auto here = Connection::open(folder_.database(), Connection::Mode::immutable);
      const auto there = Connection::open(restored(), Connection::Mode::immutable);
      SKERRY_TRY_VOID(same_machine(*here));
      auto found = sync::restore_cost(*here, *there);
      if (anchor) kept = std::max(kept, end_of(anchor->epoch, *here));
      return found;
    });
    if (cost)
      preview.cost = std::move(*cost);
    else if (cost.error().code == Errc::unknown_signer)
      return fail(std::move(cost).error());
    else
      preview.unreadable = cost.error().detail;
    return {};
  }

  // Nothing is made where there is none. With another machine's the next start would be refused.
  Result<std::optional<store::Anchor>> read_anchor() const {
    if (!is_there(anchor_ / "anchor")) return std::nullopt;
    const auto file = store::AnchorFile::open(anchor_);
    auto anchor = file ? file->read() : std::nullopt;
    if (anchor)
      SKERRY_TRY_VOID(
          sync::check_anchor(*Connection::open(restored(), Connection::Mode::immutable), *anchor));
    return anchor;
  }
  static std::int64_t end_of(const EpochId& epoch, Connection& connection) {
    for (const store::OwnEpoch& own : store::read_own_epochs(connection))
      if (own.epoch == epoch) return own.end;
    return 0;
  }
  static bool is_harmless(const RestorePreview& preview) {
    return preview.cost && preview.cost->harmless && preview.lost.value_or(0) == 0;
  }

  Result<void> keep_into(const RestorePreview& preview, RestoreReport& report) {
    SKERRY_TRY_VOID(make_private_folder(report.safety));
    report.damage = preview.unreadable;
    if (preview.cost) {
      if (auto copied = reading([&] { return copy_database(report.safety); }); !copied)
        report.damage = copied.error().detail;
    }
    if (!report.damage.empty()) SKERRY_TRY_VOID(copy_files(report.safety));
    SKERRY_TRY_VOID(copy_keys(report.safety / "keys"));
    if (report.damage.empty()) SKERRY_TRY_VOID(save_changes(*preview.cost, report));
    SKERRY_TRY_VOID(store::sync_path(report.safety));
    return store::sync_path(folder_.path);
  }

  fs::path restored() const { return scratch_.path() / "restored.db"; }

  static std::string stamp() {
    std::string text = format_timestamp(SystemClock().wall_ms());
    std::erase_if(text, [](char c) { return c < '0' || c > '9'; });
    return text;
  }

  tl::unexpected<Error> another_machine() const {
    return fail(Errc::unknown_signer,
                fmt::format("the backup is of {} \"{}\", whose keys {} does not have: that is "
                            "another machine, or has got new keys since",
                            to_text(manifest_.facts.identity.role), manifest_.facts.identity.name,
                            folder_.path.string()),
                "restore it into a folder of its own: --data DIR");
  }

  // By its keys: a name can be given twice, and a site has its id from central only later.
  Result<void> must_be_this_machine() const {
    if (!is_there(folder_.signing_key())) return {};
    SKERRY_TRY(const auto own, crypto::SigningKey::load(folder_.signing_key()));
    if (own.verify_key() == keys_->sign.verify_key()) return {};
    return another_machine();
  }
  Result<void> same_machine(Connection& here) const {
    const auto own = store::read_meta(here, "sign_key");
    if (!own || *own == keys_->sign.verify_key().to_text()) return {};
    return another_machine();
  }

  // Brings what is in the database's log into the database, as the next start would.
  void settle() const {
    const auto connection = Connection::open(folder_.database(), Connection::Mode::read_write);
    store::Wal(*connection).checkpoint_fully();
  }

  Result<void> check_space_for_safety() const {
    std::uintmax_t bytes = 0;
    std::error_code error;
    for (const char* name : database_files)
      if (const auto size = fs::file_size(folder_.path / name, error); !error) bytes += size;
    return sync::check_space(folder_.path, bytes);
  }

  Result<void> copy_database(const fs::path& to) const {
    const auto here = Connection::open(folder_.database(), Connection::Mode::read_only);
    return store::copy_database(*here, to / "skerry.db", {});
  }

  // Of a database that cannot be read: its bytes, for whoever may know what to do with them.
  Result<void> copy_files(const fs::path& to) const {
    for (const char* name : database_files) {
      if (!is_there(folder_.path / name)) continue;
      std::error_code error;
      fs::copy_file(folder_.path / name, to / name, fs::copy_options::overwrite_existing, error);
      if (error) return fail(sync::system_error(error.value(), fmt::format("copying {}", name)));
      SKERRY_TRY_VOID(store::sync_path(to / name));
    }
    return {};
  }

  Result<void> copy_keys(const fs::path& to) const {
    SKERRY_TRY_VOID(make_private_folder(to));
    for (const fs::path& key : {folder_.signing_key(), folder_.age_key()}) {
      if (!is_there(key)) continue;
      SKERRY_TRY(const auto bytes, crypto::read_secret_file(key, key_bytes_max));
      SKERRY_TRY_VOID(crypto::create_file_atomically(to / key.filename(), bytes.view(), 0600));
    }
    return {};
  }

  // The safety copy is a data folder of its own: what nobody else has is packed from there.
  Result<void> save_changes(const sync::RestoreCost& cost, RestoreReport& report) {
    const SystemClock clock;
    store::ChangeLog log(clock);
    SKERRY_TRY(const auto database, store::Database::open(report.safety));
    const sync::Node node{*database,      log, *keys_, clock, random_, scratch_.path(),
                          SKERRY_VERSION, {}};
    report.waiting = cost.waiting() > 0;
    const auto emit = [&](sync::PackedBundle&& packed) -> Result<void> {
      const fs::path file = report.safety / packed.name;
      SKERRY_TRY_VOID(sync::place_file(packed.bundle.file.fd(), packed.bundle.size,
                                       packed.bundle.sha256, file, sync::Existing::refuse));
      report.saved.push_back(file);
      report.for_central = packed.to == sync::Party::central() && packed.from != packed.to;
      return {};
    };
    return sync::pack_saved(node, cost, next_, emit);
  }

  Result<void> put_back_keys() const {
    SKERRY_TRY_VOID(make_private_folder(folder_.keys()));
    if (!is_there(folder_.signing_key()))
      SKERRY_TRY_VOID(keys_->sign.save_new(folder_.signing_key()));
    if (!is_there(folder_.public_key()))
      SKERRY_TRY_VOID(crypto::create_file_atomically(
          folder_.public_key(), as_bytes(keys_->sign.verify_key().to_pem()), 0644));
    if (!is_there(folder_.age_key())) SKERRY_TRY_VOID(keys_->age.save_new(folder_.age_key()));
    return store::sync_path(folder_.keys());
  }

  DataFolder folder_;
  fs::path anchor_;
  fs::path file_;
  OpenedBackup backup_;
  const sync::BackupManifest& manifest_;
  sync::ScratchFolder scratch_;
  crypto::SystemRandom random_;
  EpochId next_;  // that the machine goes on in, announced to central with what is saved
  std::optional<sync::Keys> keys_;
};

}  // namespace

Result<std::optional<RestoreReport>> restore_backup(
    const Config& config, const BackupAccess& access, const sync::BackupProgress& progress,
    const std::function<Result<bool>(const RestorePreview&)>& confirm) {
  using Outcome = Result<std::optional<RestoreReport>>;
  SKERRY_TRY_VOID(DataFolder{config.data()}.must_be_owned());
  SKERRY_TRY(OpenedBackup backup, open_backup(config, access));
  const bool made = !is_there(config.data());
  SKERRY_TRY_VOID(store::prepare_folder(config.data()));
  auto outcome = [&]() -> Outcome {
    SKERRY_TRY(const store::FolderLock lock, store::FolderLock::acquire(config.data()));
    SKERRY_TRY(auto scratch, sync::ScratchFolder::open(DataFolder{config.data()}.scratch()));
    Restore restore(config, fs::absolute(access.file).lexically_normal(), std::move(backup),
                    std::move(scratch));
    return reading([&]() -> Outcome {
      SKERRY_TRY_VOID(restore.unpack(progress));
      SKERRY_TRY(const RestorePreview preview, restore.look());
      SKERRY_TRY(const bool confirmed, confirm(preview));
      if (!confirmed) return std::nullopt;
      SKERRY_TRY(RestoreReport report, restore.keep_what_is_here(preview));
      SKERRY_TRY_VOID(restore.swap(preview));
      return report;
    });
  }();
  if (made && !(outcome && *outcome)) {  // nothing is left of what was not done
    std::error_code ignored;
    fs::remove(config.data() / "lock", ignored);
    fs::remove(config.data(), ignored);
  }
  return outcome;
}

}  // namespace skerry::daemon
