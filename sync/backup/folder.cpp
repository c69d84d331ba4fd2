#include "sync/backup/folder.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <functional>
#include <system_error>
#include <unistd.h>

#include "core/timestamp.hpp"
#include "crypto/file.hpp"
#include "sync/backup/file.hpp"
#include "sync/spool.hpp"

namespace skerry::sync {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "skerry-";
constexpr std::string_view ending = ".backup";
constexpr std::string_view part_ending = ".backup.part";
constexpr std::size_t name_bytes_max = 64;
constexpr std::size_t id_digits = 8;

std::string prefix_of(const store::Identity& machine) {
  const std::string who =
      machine.role == Role::central ? "central" : to_string(machine.id).substr(0, id_digits);
  return fmt::format("{}{}-", prefix, who);
}

// Names in ascending order, which for one machine is that of time.
std::vector<std::string> names_in(const fs::path& folder, std::error_code& error,
                                  const std::function<bool(const std::string&)>& wanted) {
  std::vector<std::string> names;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (std::string name = at->path().filename().string(); wanted(name))
      names.push_back(std::move(name));
  std::sort(names.begin(), names.end());
  return names;
}

tl::unexpected<Error> no_folder(const fs::path& folder, const std::error_code& why) {
  return fail(
      Errc::io_failed,
      fmt::format("the folder {} for backups cannot be made: {}", folder.string(), why.message()),
      "make it, or name another: backup.folder in the configuration");
}

Result<BackupManifest> inspect(const fs::path& file, std::uint64_t& size) {
  SKERRY_TRY(const FileHandle opened, open_foreign_file(AT_FDCWD, file.string()));
  SKERRY_TRY(size, file_size(opened.fd()));
  return inspect_backup(opened.fd());
}

}  // namespace

std::string backup_name(const store::Identity& machine, UnixMillis created_at) {
  std::string time = format_timestamp(created_at);  // "2026-03-02T10:11:12.345Z"
  std::erase_if(time, [](char c) { return c < '0' || c > '9'; });
  return fmt::format("{}{}{}", prefix_of(machine), time, ending);
}

bool is_backup_name(std::string_view name) {
  if (!name.starts_with(prefix) || !name.ends_with(ending) || name.size() > name_bytes_max ||
      name.size() < prefix.size() + ending.size())
    return false;
  name.remove_suffix(ending.size());
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Result<std::vector<FoundBackup>> find_backups(const fs::path& folder) {
  std::error_code error;
  // Those that a person named, too.
  const auto names =
      names_in(folder, error, [](std::string_view name) { return name.ends_with(ending); });
  if (crypto::names_nothing(error.value()))
    return fail(Errc::not_found, fmt::format("there is no folder {}", folder.string()));
  if (error) return fail(system_error(error.value(), fmt::format("reading {}", folder.string())));
  std::vector<FoundBackup> found;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    std::uint64_t size = 0;
    auto manifest = inspect(folder / *name, size);
    found.push_back({*name, size, std::move(manifest)});
  }
  const auto time_of = [](const FoundBackup& backup) {
    return backup.manifest ? backup.manifest->created_at : 0;
  };
  std::stable_sort(found.begin(), found.end(), [&](const FoundBackup& a, const FoundBackup& b) {
    return time_of(a) > time_of(b);
  });
  return found;
}

void remove_parts(const fs::path& folder, const store::Identity& machine) {
  std::error_code ignored;
  const auto names = names_in(folder, ignored, [&](const std::string& name) {
    return name.starts_with(prefix_of(machine)) && name.ends_with(part_ending);
  });
  for (const std::string& name : names) fs::remove(folder / name, ignored);
}

Result<void> prepare_backup_folder(const fs::path& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return {};
  fs::create_directories(folder, error);
  if (!error) fs::permissions(folder, fs::perms::owner_all, error);
  if (!error) return {};
  return no_folder(folder, error);
}

Result<void> check_backup_folder(const fs::path& folder) {
  std::error_code error;
  fs::path there = fs::absolute(folder);
  while (there.has_relative_path() && !fs::exists(there, error)) there = there.parent_path();
  if (!fs::is_directory(there, error))
    return no_folder(folder, std::make_error_code(std::errc::not_a_directory));
  if (::access(there.c_str(), W_OK | X_OK) == 0) return {};
  return no_folder(folder, {errno, std::generic_category()});
}

std::vector<fs::path> rotate_backups(const fs::path& folder, const store::Identity& machine,
                                     std::size_t keep,
                                     const std::function<bool(const fs::path&)>& is_good) {
  std::error_code error;
  const auto names = names_in(folder, error, [&](const std::string& name) {
    return name.starts_with(prefix_of(machine)) && is_backup_name(name);
  });
  std::vector<fs::path> removed;
  std::size_t good = 0;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    const fs::path file = folder / *name;
    if (good < keep)
      good += is_good(file) ? 1U : 0U;
    else if (fs::remove(file, error) && !error)
      removed.push_back(file);
  }
  return removed;
}

}  // namespace skerry::sync
