#include "tests/faults/disk.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/check.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::faults {
namespace {

constexpr std::uint64_t sector_bytes = 512;  // what a disk writes whole

// The bare system calls: the wrapped ones would come back here.
void put(int fd, const Bytes& content) {
  SKERRY_CHECK(::syscall(SYS_ftruncate, fd, content.size()) == 0);
  for (std::size_t at = 0; at < content.size();) {
    const long count = ::syscall(SYS_pwrite64, fd, content.data() + at, content.size() - at, at);
    SKERRY_CHECK(count > 0);
    at += static_cast<std::size_t>(count);
  }
}

std::pair<std::uint64_t, std::uint64_t> inode_of(const struct stat& status) {
  return {status.st_dev, status.st_ino};
}

}  // namespace

std::string_view to_text(Fault fault) {
  switch (fault) {
    case Fault::none:
      return "none";
    case Fault::power_cut:
      return "power_cut";
    case Fault::error:
      return "error";
    case Fault::errors:
      return "errors";
    case Fault::full:
      return "full";
    case Fault::stays_full:
      return "stays_full";
  }
  return "?";
}

Bytes content_of(int fd) {
  struct stat status {};
  SKERRY_CHECK(::fstat(fd, &status) == 0);
  Bytes content(static_cast<std::size_t>(status.st_size));
  for (std::size_t at = 0; at < content.size();) {
    const long count = ::syscall(SYS_pread64, fd, content.data() + at, content.size() - at, at);
    SKERRY_CHECK(count > 0);
    at += static_cast<std::size_t>(count);
  }
  return content;
}

Disk& Disk::the() {
  static Disk disk;
  return disk;
}

void Disk::mount() {
  mount_vfs();
  store::set_fsync_failure_hook([](const char*) noexcept { Disk::the().cut(exit_not_synced); });
}

void Disk::arm(Fault fault, std::uint64_t at, std::uint64_t seed) {
  fault_ = fault;
  at_ = at;
  calls_ = 0;
  fate_ = sim::Rng(seed);
  armed_ = true;
}

int Disk::before(Call call) {
  const std::lock_guard lock(mutex_);
  if (!armed_) return 0;
  const bool of_space = fault_ == Fault::full || fault_ == Fault::stays_full;
  if (of_space && call != Call::take_space) return 0;
  // What the others change shows at the next write or sync.
  if (fault_ == Fault::power_cut && call == Call::other) return 0;
  ++calls_;
  const bool for_good = fault_ == Fault::errors || fault_ == Fault::stays_full;
  if (fault_ == Fault::none || (for_good ? calls_ < at_ : calls_ != at_)) return 0;
  if (fault_ == Fault::power_cut) cut(exit_power_cut);
  return last_errno_ = of_space ? ENOSPC : EIO;
}

// nullptr: a file without a name, which no power cut leaves, or none at all.
Disk::Unsynced* Disk::unsynced(int fd) {
  if (!armed_) return nullptr;
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink == 0) return nullptr;
  Unsynced& file = files_[inode_of(status)];
  if (file.fd < 0) {
    // Never closed: closing any descriptor of a file drops SQLite's locks on it.
    file.fd = static_cast<int>(::syscall(
        SYS_openat, AT_FDCWD, fmt::format("/proc/self/fd/{}", fd).c_str(), O_RDWR | O_CLOEXEC));
    SKERRY_CHECK(file.fd >= 0);
  }
  if (file.changes.empty()) file.base = content_of(file.fd);
  return &file;
}

void Disk::will_write(int fd, std::uint64_t offset, ByteView bytes) {
  const std::lock_guard lock(mutex_);
  if (Unsynced* file = unsynced(fd))
    file->changes.push_back({offset, Bytes(bytes.begin(), bytes.end()), false});
}

void Disk::will_truncate(int fd, std::uint64_t size) {
  const std::lock_guard lock(mutex_);
  if (Unsynced* file = unsynced(fd)) file->changes.push_back({size, {}, true});
}

void Disk::synced(int fd) {
  const std::lock_guard lock(mutex_);
  struct stat status {};
  if (::fstat(fd, &status) != 0) return;
  if (const auto found = files_.find(inode_of(status)); found != files_.end())
    found->second.changes.clear();
}

void Disk::changed(const std::filesystem::path& folder, std::function<void()> undo) {
  const std::lock_guard lock(mutex_);
  struct stat status {};
  if (!armed_ || ::stat(folder.empty() ? "." : folder.c_str(), &status) != 0) return;
  folders_.push_back({inode_of(status), std::move(undo)});
}

void Disk::folder_synced(int fd) {
  const std::lock_guard lock(mutex_);
  struct stat status {};
  if (::fstat(fd, &status) != 0) return;
  std::erase_if(folders_,
                [&](const FolderChange& each) { return each.folder == inode_of(status); });
}

void Disk::folder_synced(const std::filesystem::path& folder) {
  const int fd = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, folder.c_str(), O_RDONLY));
  if (fd < 0) return;
  folder_synced(fd);
  ::syscall(SYS_close, fd);
}

void Disk::apply(Bytes& content, const Change& change) {
  if (change.truncates) {
    content.resize(change.offset);
    return;
  }
  const std::uint64_t end = change.offset + change.bytes.size();
  const bool torn = fate_.percent(40);
  for (std::uint64_t at = change.offset; at < end;) {
    const std::uint64_t next = std::min(end, (at / sector_bytes + 1) * sector_bytes);
    if (!torn || fate_.percent(50)) {
      if (content.size() < next) content.resize(next);
      std::copy(change.bytes.begin() + static_cast<std::ptrdiff_t>(at - change.offset),
                change.bytes.begin() + static_cast<std::ptrdiff_t>(next - change.offset),
                content.begin() + static_cast<std::ptrdiff_t>(at));
    }
    at = next;
  }
}

void Disk::lose_some(Unsynced& file) {
  Bytes content = std::move(file.base);
  auto& changes = file.changes;
  for (std::size_t i = changes.size(); i > 1; --i)
    std::swap(changes[i - 1], changes[fate_.below(i)]);
  // Between nothing of it and all of it.
  const auto survives = static_cast<unsigned>(fate_.below(5) * 25);
  for (const Change& change : changes)
    if (fate_.percent(survives)) apply(content, change);
  put(file.fd, content);
}

void Disk::cut(int status) {
  const std::lock_guard lock(mutex_);
  armed_ = false;
  for (auto& [inode, file] : files_)
    if (!file.changes.empty()) lose_some(file);
  for (std::size_t kept = fate_.below(folders_.size() + 1); folders_.size() > kept;) {
    folders_.back().undo();
    folders_.pop_back();
  }
  ::_exit(status);
}

}  // namespace skerry::faults
