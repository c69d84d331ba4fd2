#include "sync/backup/scratch.hpp"

#include <cerrno>
#include <cstdlib>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <system_error>

#include "sync/bundle_limits.hpp"
#include "sync/file_handle.hpp"

namespace skerry::sync {
namespace {

// What must stay free for the writer meanwhile.
constexpr std::uintmax_t reserve_bytes = 64 * mebibyte;

}  // namespace

Result<ScratchFolder> ScratchFolder::open(std::filesystem::path folder) {
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  if (::mkdir(folder.c_str(), 0700) != 0)
    return fail(system_error(errno, "making " + folder.string()));
  return ScratchFolder(std::move(folder));
}

Result<ScratchFolder> ScratchFolder::temporary() {
  std::string name = (std::filesystem::temp_directory_path() / "skerry-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    return fail(system_error(errno, "making a folder like " + name));
  return ScratchFolder(std::move(name));
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

Result<void> check_space(const std::filesystem::path& folder, std::uintmax_t bytes) {
  struct statvfs info {};
  if (::statvfs(folder.c_str(), &info) != 0) return {};
  const std::uintmax_t free = static_cast<std::uintmax_t>(info.f_bavail) * info.f_frsize;
  const std::uintmax_t need = bytes + reserve_bytes;
  if (free >= need) return {};
  return fail(Errc::storage_full,
              fmt::format("{} MiB are needed in {}, {} are free", need / mebibyte, folder.string(),
                          free / mebibyte),
              fmt::format("free space on the disk of {}", folder.string()));
}

}  // namespace skerry::sync
