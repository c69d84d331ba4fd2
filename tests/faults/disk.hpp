// A disk that fails on purpose: what a process has written but not synced is kept apart, and a
// power cut loses, reorders and tears it; the N-th call fails, once or for good.
//
// SQLite comes here by a VFS of its own (disk_vfs.cpp), our own files by the linker, which gives
// the calls of our objects another name in this test alone (disk_calls.cpp, --wrap). The files are
// real ones: the disk remembers how each stood when it was last synced, and what came since.
//
// One process has one disk and ends with it: what is remembered keeps its files open. One thread at
// a time calls it, as long as it is armed (SQLite is used by one thread, or by one and the writer
// that it waits for).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/bytes.hpp"
#include "tests/simulation/rng.hpp"

namespace skerry::faults {

enum class Fault {
  none,
  power_cut,  // the process ends, and of what was not synced anything may be there
  error,      // the call fails with EIO
  errors,     // … and every call after it
  full,       // a call that takes space fails with ENOSPC
  stays_full,
};
inline constexpr Fault all_faults[] = {Fault::power_cut, Fault::error, Fault::errors, Fault::full,
                                       Fault::stays_full};
std::string_view to_text(Fault fault);

// How a process ends whose disk took the power, or whose SQLite could not sync.
inline constexpr int exit_power_cut = 71;
inline constexpr int exit_not_synced = 72;

enum class Call {
  take_space,  // writes and new files
  sync,
  other,  // reads, cuts, renames, removals
};

class Disk {
 public:
  static Disk& the();

  // SQLite uses this disk from now on, and a failed fsync ends the process.
  void mount();
  // From now on calls are counted; number `at` has the fault. Without one nothing fails.
  void arm(Fault fault, std::uint64_t at, std::uint64_t seed);
  void disarm() { armed_ = false; }
  bool armed() const { return armed_; }
  std::uint64_t calls() const { return calls_; }

  // Before each call: 0, or the errno it fails with. Does not return from a power cut.
  int before(Call call);
  // Of the last call that failed.
  int last_errno() const { return last_errno_; }

  // A change of a file that is about to happen.
  void will_write(int fd, std::uint64_t offset, ByteView bytes);
  void will_truncate(int fd, std::uint64_t size);
  void synced(int fd);
  // A change of a folder that happened; `undo` takes it back. Folders change in order, as in a
  // file system with a journal: a power cut takes the last changes back, any number of them.
  void changed(const std::filesystem::path& folder, std::function<void()> undo);
  void folder_synced(int fd);
  void folder_synced(const std::filesystem::path& folder);

  // Ends the process as a power cut would, with this status.
  [[noreturn]] void cut(int status);

 private:
  using Inode = std::pair<std::uint64_t, std::uint64_t>;
  struct Change {
    std::uint64_t offset = 0;
    Bytes bytes;
    bool truncates = false;  // to `offset`
  };
  struct Unsynced {
    int fd = -1;
    Bytes base;  // as it was when last synced
    std::vector<Change> changes;
  };
  struct FolderChange {
    Inode folder;
    std::function<void()> undo;
  };

  Unsynced* unsynced(int fd);
  void lose_some(Unsynced& file);
  void apply(Bytes& content, const Change& change);

  std::recursive_mutex mutex_;
  bool armed_ = false;
  Fault fault_ = Fault::none;
  std::uint64_t at_ = 0;
  std::uint64_t calls_ = 0;
  int last_errno_ = 0;
  sim::Rng fate_{0};
  std::map<Inode, Unsynced> files_;
  std::vector<FolderChange> folders_;
};

// disk_vfs.cpp
void mount_vfs();

// Past any wrapping.
Bytes content_of(int fd);

}  // namespace skerry::faults
