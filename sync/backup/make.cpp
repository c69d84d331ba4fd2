#include "sync/backup/make.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "core/log.hpp"
#include "sync/backup/file.hpp"
#include "sync/backup/folder.hpp"
#include "sync/backup/scratch.hpp"
#include "sync/container.hpp"
#include "sync/part_file.hpp"
#include "sync/spool.hpp"

namespace skerry::sync {
namespace {

namespace fs = std::filesystem;

// Beside the database: its copy, and the copy packed.
Result<void> check_space_for_copy(const fs::path& scratch, const fs::path& database) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(database, error);
  return check_space(scratch, error ? 0 : size + size / 2);
}

// The recovery key, and this machine's own, by which it reads back what it wrote.
std::vector<crypto::AgeRecipient> recipients_of(const Node& node, const BackupPlan& plan) {
  std::vector recipients{plan.recovery};
  if (const auto own = node.keys.age.recipient(); own != plan.recovery) recipients.push_back(own);
  return recipients;
}

constexpr std::string_view part_ending = ".part";

// A path that no file can be made at is the caller's to mend, and known before the work begins.
Result<FileHandle> open_place(const fs::path& target) {
  const fs::path folder = target.parent_path();
  const auto wrong = [&](int number) {
    return fail(Errc::bad_input,
                fmt::format("no backup can be made at {}: {}", target.string(),
                            std::generic_category().message(number)),
                "name a new file in a folder that is there and that may be written to");
  };
  if (target.filename().native().size() + part_ending.size() > NAME_MAX) return wrong(ENAMETOOLONG);
  FileHandle opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.is_open()) return wrong(errno);
  if (::faccessat(opened.fd(), ".", W_OK | X_OK, AT_EACCESS) != 0) return wrong(errno);
  struct stat there {};
  if (::fstatat(opened.fd(), target.filename().c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0)
    return fail(Errc::already_exists, fmt::format("{} is there already", target.string()),
                "name another file for the backup");
  return opened;
}

Result<void> hash_whole(int fd, store::Backup& row) {
  HashSink hash;
  SKERRY_TRY(const std::uint64_t size, file_size(fd));
  SKERRY_TRY_VOID(pump(fd, 0, size, hash));
  row.bytes = static_cast<std::int64_t>(size);
  row.sha256 = hash.hash();
  return {};
}

// One attempt: what is known of it so far.
class Maker {
 public:
  // `place`: the folder that row.file is to be in.
  Maker(const Node& node, const BackupPlan& plan, const BackupProgress& progress,
        const FileHandle& place, store::Backup& row)
      : node_(node), plan_(plan), progress_(progress), place_(place), row_(row) {}

  Result<BackupManifest> make(const store::Identity& identity) {
    const auto recipients = recipients_of(node_, plan_);
    SKERRY_TRY(const ScratchFolder scratch, ScratchFolder::open(plan_.scratch));
    SKERRY_TRY_VOID(check_space_for_copy(scratch.path(), node_.database.folder() / "skerry.db"));
    const fs::path target(row_.file);
    remove_parts(target.parent_path(), identity);
    BackupManifest manifest;
    SKERRY_TRY(PackedPayload packed, pack(scratch.path(), recipients, manifest));
    const std::string name = target.filename().string();
    PartFile part(place_, name, name + std::string(part_ending), target, 0600);
    SKERRY_TRY_VOID(write(part, packed, manifest));
    packed.file.close();  // the space is needed
    SKERRY_TRY_VOID(read_back(part, scratch.path(), manifest));
    SKERRY_TRY_VOID(part.publish(Existing::refuse));
    return manifest;
  }

 private:
  Result<PackedPayload> pack(const fs::path& scratch,
                             std::span<const crypto::AgeRecipient> recipients,
                             BackupManifest& manifest) {
    const fs::path copy = scratch / "copy.db";
    SKERRY_TRY_VOID(node_.database.backup(copy, [&](int done, int total) {
      const auto told = progress_("copying", static_cast<std::uint64_t>(done) * page_bytes,
                                  static_cast<std::uint64_t>(total) * page_bytes);
      if (!told) throw store::StorageError(told.error().code, told.error().detail);
    }));
    SKERRY_TRY_VOID(progress_("counting records", 0, 0));
    manifest.id = row_.id;
    manifest.created_at = row_.created_at;
    manifest.app = node_.app_version;
    manifest.key = node_.keys.sign.verify_key().key_id();
    manifest.recovery = plan_.recovery.to_text();
    SKERRY_TRY(manifest.facts, read_facts(copy));
    SKERRY_TRY(manifest.keys, seal_keys(node_.keys, recipients, node_.random));
    SKERRY_TRY(PackedPayload packed, pack_payload(copy, recipients, node_.random,
                                                  node_.options.zstd_level, scratch, progress_));
    manifest.payload = packed.info;
    std::error_code ignored;
    fs::remove(copy, ignored);
    return packed;
  }

  Result<void> write(PartFile& part, const PackedPayload& packed, const BackupManifest& manifest) {
    SKERRY_TRY_VOID(progress_("writing", 0, manifest.payload.size));
    SKERRY_TRY(const std::string text, encode_backup_manifest(manifest));
    const PayloadSource payload{packed.file.fd(), packed.info.size};
    return part.fill([&](ByteSink& out) {
      return write_container(out, text, {&node_.keys.sign, 1}, payload);
    });
  }

  Result<void> read_back(const PartFile& part, const fs::path& scratch,
                         const BackupManifest& manifest) {
    SKERRY_TRY(FileHandle file, part.reopen());
    SKERRY_TRY_VOID(hash_whole(file.fd(), row_));
    SKERRY_TRY(const BackupReader reader,
               BackupReader::open(std::move(file), signed_by(node_.keys.sign.verify_key())));
    if (!(reader.manifest() == manifest))
      return fail(Errc::io_failed, "the manifest reads back differently than it was written");
    return check(node_, reader, scratch, progress_);
  }

 public:
  // With what this machine has: its own keys.
  static Result<void> check(const Node& node, const BackupReader& reader, const fs::path& scratch,
                            const BackupProgress& progress) {
    const std::span<const crypto::AgeIdentity> own(&node.keys.age, 1);
    SKERRY_TRY(const Keys keys, open_keys(reader.manifest().keys, own));
    if (!(keys.sign.verify_key() == node.keys.sign.verify_key()))
      return fail(Errc::corrupt_bundle, "the backup holds other keys than this machine's");
    const fs::path database = scratch / "restored.db";
    SKERRY_TRY_VOID(reader.unpack(own, database, progress));
    return check_database(database, reader.manifest(), progress);
  }

 private:
  static constexpr std::uint64_t page_bytes = 4096;
  const Node& node_;
  const BackupPlan& plan_;
  const BackupProgress& progress_;
  const FileHandle& place_;
  store::Backup& row_;
};

// What became of it, and what follows from it. `manifest` is null for a failure.
void write_outcome(store::Connection& connection, const store::Backup& row,
                   const BackupManifest* manifest) {
  store::write_backup(connection, row);
  if (manifest == nullptr) return;
  for (const store::DurableHead& head : manifest->facts.sites)
    store::raise_durable(connection, head);
}

Result<void> record(const Node& node, const store::Backup& row, const BackupManifest* manifest) {
  auto work = [&](store::Connection& connection) -> Result<void> {
    write_outcome(connection, row, manifest);
    return {};
  };
  return node.database.write(work);
}

Result<MadeBackup> conclude(const Node& node, store::Backup row, Result<BackupManifest> outcome) {
  row.checked_at = node.clock.wall_ms();
  if (!outcome) {
    if (outcome.error().code == Errc::stopping) return fail(std::move(outcome).error());
    row.failure = outcome.error().detail;
    if (const auto noted = record(node, row, nullptr); !noted)
      log(Level::error, "what became of backup {} cannot be recorded: {}", row.file,
          noted.error().detail);
    return fail(std::move(outcome).error());
  }
  row.failure.clear();
  row.rows = outcome->facts.rows;
  row.verified_at = row.checked_at;
  SKERRY_TRY_VOID(record(node, row, &*outcome));
  return MadeBackup{std::move(row), std::move(*outcome)};
}

// With `is_folder` the target is one, in which the file gets its name.
store::Backup new_row(const Node& node, const store::Identity& identity, const BackupPlan& plan,
                      bool is_folder) {
  store::Backup row;
  row.id = new_id<BackupId>(node.random);
  row.created_at = row.checked_at = node.clock.wall_ms();
  row.file = is_folder ? plan.target / backup_name(identity, row.created_at) : plan.target;
  return row;
}

// SQLite's complaints become errors: they are about the copy, or about the disk.
template <class Work>
auto without_throwing(const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (const store::StorageError& error) {
    return fail(error.code(), error.what());
  }
}

}  // namespace

Result<crypto::AgeRecipient> recovery_recipient(std::string_view text) {
  if (text.empty())
    return fail(Errc::no_recovery_key, "there is no recovery key that a backup could be made for",
                "skerry backup key FILE makes one; then set backup.recipient to its public half");
  return crypto::AgeRecipient::parse(text).map_error([](const Error& error) {
    return Error(Errc::bad_input, "the recovery key: " + error.detail,
                 "name the public half, age1…, that skerry backup key or age-keygen shows");
  });
}

Result<MadeBackup> make_backup(const Node& node, const BackupPlan& plan,
                               const BackupProgress& progress) {
  SKERRY_TRY(const store::Identity identity, identity_of(node));
  std::error_code ignored;
  store::Backup row = new_row(node, identity, plan, fs::is_directory(plan.target, ignored));
  SKERRY_TRY(const FileHandle place, open_place(row.file));
  auto manifest =
      without_throwing([&] { return Maker(node, plan, progress, place, row).make(identity); });
  return conclude(node, std::move(row), std::move(manifest));
}

Result<store::Backup> try_backup(const Node& node, const BackupPlan& plan, bool makes_folder) {
  SKERRY_TRY(const store::Identity identity, identity_of(node));
  std::error_code ignored;
  const bool is_folder = fs::is_directory(plan.target, ignored);
  store::Backup row = new_row(node, identity, plan, is_folder || makes_folder);
  if (makes_folder && !is_folder)
    SKERRY_TRY_VOID(check_backup_folder(plan.target));
  else
    SKERRY_TRY_VOID(open_place(row.file));
  const fs::path& here = node.database.folder();  // where the scratch is made
  SKERRY_TRY_VOID(check_space_for_copy(here, here / "skerry.db"));
  return row;
}

Result<MadeBackup> verify_backup(const Node& node, const fs::path& file, const fs::path& scratch,
                                 const BackupProgress& progress) {
  SKERRY_TRY(FileHandle opened, open_foreign_file(AT_FDCWD, file.string()));
  std::optional<store::Backup> known;
  {
    const store::Reader reader = node.database.read();
    known = store::find_backup_at(*reader, file.string());
  }
  auto backup = BackupReader::open(std::move(opened), signed_by(node.keys.sign.verify_key()));
  if (!backup) {  // whose it is, only the path can say
    if (known) return conclude(node, *known, fail(std::move(backup).error()));
    return fail(std::move(backup).error());
  }
  const BackupManifest& manifest = backup->manifest();
  const bool is_known = known && known->id == manifest.id;
  if (!is_known) {
    SKERRY_TRY(const FileHandle again, open_foreign_file(AT_FDCWD, file.string()));
    known.emplace();
    SKERRY_TRY_VOID(hash_whole(again.fd(), *known));
  }
  known->id = manifest.id;
  known->file = file.string();
  known->created_at = manifest.created_at;
  known->bytes = static_cast<std::int64_t>(backup->file_size());
  auto checked = without_throwing([&]() -> Result<BackupManifest> {
    SKERRY_TRY(const ScratchFolder place, ScratchFolder::open(scratch));
    SKERRY_TRY_VOID(check_space_for_copy(place.path(), node.database.folder() / "skerry.db"));
    SKERRY_TRY_VOID(Maker::check(node, *backup, place.path(), progress));
    return manifest;
  });
  return conclude(node, std::move(*known), std::move(checked));
}

Result<void> note_restored(store::Connection& connection, const fs::path& file,
                           const BackupManifest& manifest, UnixMillis now) {
  SKERRY_TRY(const FileHandle opened, open_foreign_file(AT_FDCWD, file.string()));
  store::Backup row;
  SKERRY_TRY_VOID(hash_whole(opened.fd(), row));
  row.id = manifest.id;
  row.file = file;
  row.created_at = manifest.created_at;
  row.rows = manifest.facts.rows;
  row.verified_at = row.checked_at = now;
  write_outcome(connection, row, &manifest);
  return {};
}

}  // namespace skerry::sync
