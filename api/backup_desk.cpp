#include "api/backup_desk.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <unistd.h>

#include "api/context.hpp"
#include "api/time_json.hpp"
#include "core/log.hpp"
#include "sync/backup/folder.hpp"

namespace skerry::api {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t second_ms = 1000;
constexpr std::int64_t day_ms = 86'400 * second_ms;
constexpr std::int64_t retry_ms = 600 * second_ms;
// Without backups by themselves, one so old asks for attention.
constexpr std::int64_t old_ms = 7 * day_ms;

void make_room(const Context& context) {
  const store::Reader reader = context.node.database.read();
  const auto identity = store::read_identity(*reader);
  if (!identity) return;
  const auto is_good = [&](const fs::path& file) {
    const auto known = store::find_backup_at(*reader, file.string());
    return known && known->failure.empty();
  };
  for (const fs::path& file :
       sync::rotate_backups(context.backup.folder, *identity,
                            static_cast<std::size_t>(context.backup.keep), is_good))
    log(Level::info, "backup {} made room for newer ones", file.string());
}

std::string age_text(std::int64_t age_ms) {
  if (age_ms >= 2 * day_ms) return fmt::format("{} days", age_ms / day_ms);
  return fmt::format("{} hours", age_ms / (3600 * second_ms));
}

// The remedy for a place that is read-only to this process, as to a unit with ProtectSystem=strict
// all but some folders are.
Error with_way_through_unit(Error error, const fs::path& target) {
  std::error_code ignored;
  const fs::path folder = fs::is_directory(target, ignored) ? target : target.parent_path();
  fs::path there = folder;
  while (there.has_relative_path() && !fs::exists(there, ignored)) there = there.parent_path();
  if (::access(there.c_str(), W_OK) == 0 || errno != EROFS) return error;
  error.next = fmt::format(
      "systemctl edit skerry.service: [Service], ReadWritePaths={}, a folder that is there and "
      "skerry's; then systemctl restart skerry. Or take the write protection off the medium",
      folder.string());
  return error;
}

Result<sync::BackupPlan> plan_of(const Context& context, const BackupWish& wish) {
  const std::string& recipient = wish.recipient.empty() ? context.backup.recipient : wish.recipient;
  SKERRY_TRY(const auto recovery, sync::recovery_recipient(recipient));
  return sync::BackupPlan{wish.target.empty() ? context.backup.folder : wish.target,
                          context.data_folder / "scratch", recovery};
}

}  // namespace

std::optional<BackupDesk::Running> BackupDesk::running() const {
  const MutexLock lock(mutex_);
  return running_;
}

sync::BackupProgress BackupDesk::progress() {
  return [this](std::string_view step, std::uint64_t done, std::uint64_t total) -> Result<void> {
    if (stopping_) return fail(Errc::stopping, "the daemon stops; the backup was given up");
    const MutexLock lock(mutex_);
    running_ = Running{std::string(step), done, total};
    return {};
  };
}

void BackupDesk::finished() {
  const MutexLock lock(mutex_);
  running_.reset();
}

Result<store::Backup> try_backup(const Context& context, const BackupWish& wish) {
  SKERRY_TRY(const sync::BackupPlan plan, plan_of(context, wish));
  auto tried = sync::try_backup(context.node, plan, wish.target.empty());
  if (!tried && context.backup.by_unit)
    return fail(with_way_through_unit(std::move(tried).error(), plan.target));
  return tried;
}

Result<sync::MadeBackup> make_backup(const Context& context, const BackupWish& wish) {
  SKERRY_TRY(const sync::BackupPlan plan, plan_of(context, wish));
  const bool by_settings = wish.target.empty();
  auto made = [&]() -> Result<sync::MadeBackup> {
    if (by_settings) SKERRY_TRY_VOID(sync::prepare_backup_folder(plan.target));
    return sync::make_backup(context.node, plan, context.backups->progress());
  }();
  context.backups->finished();
  if (!made && context.backup.by_unit)
    return fail(with_way_through_unit(std::move(made).error(), plan.target));
  if (made && by_settings) make_room(context);
  return made;
}

Result<sync::MadeBackup> verify_backup(const Context& context, const fs::path& file) {
  auto verified =
      sync::verify_backup(context.node, file.is_absolute() ? file : context.backup.folder / file,
                          context.data_folder / "scratch", context.backups->progress());
  context.backups->finished();
  return verified;
}

std::optional<UnixMillis> next_backup_at(store::Connection& connection,
                                         const BackupSettings& settings, UnixMillis now) {
  if (settings.interval_seconds == 0 || settings.recipient.empty()) return std::nullopt;
  const std::int64_t interval_ms = settings.interval_seconds * second_ms;
  const auto good = store::last_good_backup(connection, now);
  const UnixMillis due = good ? good->created_at + interval_ms : now;
  const auto last = store::list_backups(connection, 1);
  if (last.empty() || last.front().failure.empty() || last.front().checked_at > now) return due;
  return std::max(due, last.front().checked_at + std::min(retry_ms, interval_ms));
}

json::object to_json(const store::Backup& backup) {
  std::error_code ignored;  // one that cannot be looked at may be there
  const bool gone = fs::status(backup.file, ignored).type() == fs::file_type::not_found;
  return {{"id", to_string(backup.id)},
          {"file", backup.file},
          {"present", !gone},
          {"created_at", format_timestamp(backup.created_at)},
          {"bytes", backup.bytes},
          {"sha256", backup.bytes > 0 ? json::value(to_hex(backup.sha256)) : json::value()},
          {"rows", backup.rows},
          {"verified_at", time_or_null(backup.verified_at)},
          {"checked_at", format_timestamp(backup.checked_at)},
          {"failure", backup.failure.empty() ? json::value() : json::value(backup.failure)}};
}

BackupHealth backup_health(store::Connection& connection, const BackupSettings& settings,
                           UnixMillis now) {
  BackupHealth health;
  health.good = store::last_good_backup(connection, now);
  const auto last = store::list_backups(connection, 1);
  const std::int64_t limit_ms =
      settings.interval_seconds > 0 ? 2 * settings.interval_seconds * second_ms : old_ms;
  if (!last.empty() && !last.front().failure.empty()) {
    health.complaint = fmt::format("the last backup failed: {}", last.front().failure);
    health.next = "skerry backup create";
  } else if (!health.good && !settings.recipient.empty()) {
    health.complaint = "there is no backup yet";
    health.next = "skerry backup create";
  } else if (health.good && now - health.good->created_at > limit_ms) {
    health.complaint =
        fmt::format("the last good backup is {} old", age_text(now - health.good->created_at));
    health.next = "skerry backup create";
  }
  return health;
}

}  // namespace skerry::api
