#include "store/sqlite/folder_lock.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "core/text.hpp"

namespace skerry::store {
namespace {

struct FileSystemType {
  std::uint64_t type;
  std::string_view name;
};

// f_type as in statfs(2) and linux/magic.h.
constexpr std::array network_types{
    FileSystemType{0x6969, "NFS"},        FileSystemType{0x517b, "SMB"},
    FileSystemType{0xff534d42, "CIFS"},   FileSystemType{0xfe534d42, "SMB2"},
    FileSystemType{0x65735546, "FUSE"},   FileSystemType{0x01021997, "9P"},
    FileSystemType{0x00c36400, "Ceph"},   FileSystemType{0x5346414f, "AFS"},
    FileSystemType{0x6b414653, "kAFS"},   FileSystemType{0x73757245, "Coda"},
    FileSystemType{0x0bd00bd0, "Lustre"}, FileSystemType{0x47504653, "GPFS"},
    FileSystemType{0x786f4256, "vboxsf"}, FileSystemType{0x013111a8, "IBRIX"},
    FileSystemType{0xbacbacbc, "VMHGFS"}, FileSystemType{0x19830326, "FhGFS"},
};

std::string holder_of(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t length = ::pread(descriptor, text.data(), text.size() - 1, 0);
  std::string pid(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  pid.erase(pid.find_last_not_of('\n') + 1);
  const bool is_pid = !pid.empty() && pid.find_first_not_of("0123456789") == std::string::npos;
  return is_pid ? "process " + pid : "another process";
}

// `place`: the folder, or the one that it is going to be made in.
Result<void> must_be_local(const std::filesystem::path& folder,
                           const std::filesystem::path& place) {
  struct statfs status {};
  if (::statfs(place.c_str(), &status) != 0)
    return fail(Errc::io_failed, fmt::format("cannot use the data folder {}: {}", folder.string(),
                                             std::strerror(errno)));
  // f_type is signed, and sign-extended from 32 bits for some types.
  const auto type = static_cast<std::uint64_t>(status.f_type) & 0xffffffffU;
  if (const auto name = network_file_system(type))
    return fail(Errc::bad_config,
                fmt::format("the data folder {} is on a {} file system, where locks and fsync do "
                            "not keep a database whole",
                            folder.string(), *name),
                "move the data folder to a local disk");
  return {};
}

}  // namespace

std::optional<std::string_view> network_file_system(std::uint64_t type) {
  for (const FileSystemType& candidate : network_types) {
    if (candidate.type == type) return candidate.name;
  }
  return std::nullopt;
}

Result<void> prepare_folder(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return fail(
        Errc::io_failed,
        fmt::format("cannot create the data folder {}: {}", folder.string(), std::strerror(errno)),
        "name a new folder, or an empty one, in a folder that is there");
  return check_folder(folder);
}

Result<void> check_folder(const std::filesystem::path& folder) {
  struct stat access {};
  const bool is_there = ::stat(folder.c_str(), &access) == 0;
  SKERRY_TRY_VOID(must_be_local(
      folder, is_there ? folder : std::filesystem::absolute(folder / "..").lexically_normal()));
  if (!is_there) return {};
  // Who may write in it may put another database and other keys in place of these.
  if (!S_ISDIR(access.st_mode))
    return fail(Errc::bad_config, fmt::format("{} is no folder", folder.string()),
                "name a new folder, or an empty one");
  if ((access.st_mode & 022U) != 0)
    return fail(Errc::bad_config,
                fmt::format("the data folder {} has mode {:04o}: others may put their files in "
                            "place of its own",
                            folder.string(), access.st_mode & 07777U),
                fmt::format("chmod go-w {}", shell_word(folder.string())));
  return {};
}

Result<FolderLock> FolderLock::acquire(const std::filesystem::path& folder) {
  const auto file = folder / "lock";
  const int descriptor = ::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0)
    return fail(errno == ENOSPC || errno == EDQUOT ? Errc::storage_full : Errc::io_failed,
                fmt::format("cannot open {}: {}", file.string(), std::strerror(errno)));
  FolderLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK)
      return fail(Errc::io_failed,
                  fmt::format("cannot lock {}: {}", file.string(), std::strerror(errno)));
    return fail(
        Errc::locked,
        fmt::format("the data folder {} is in use by {}", folder.string(), holder_of(descriptor)),
        "stop the other daemon, or use another data folder");
  }
  // The text serves people and the message above only; the lock itself is the kernel's.
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(descriptor, 0) != 0 ||
      ::pwrite(descriptor, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
    return fail(errno == ENOSPC || errno == EFBIG ? Errc::storage_full : Errc::io_failed,
                fmt::format("cannot write {}: {}", file.string(), std::strerror(errno)));
  return lock;
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace skerry::store
