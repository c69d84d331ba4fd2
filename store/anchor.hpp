// The anchor (SYNC 4.1): a small file outside the database and its backups that says how far the
// own log had come, and which generation of trust was in force (SYNC 4.8). A database that was put
// back from a backup does not reach it any more; one that was copied to another machine meets
// another machine, or no anchor at all.
//
// Written after each commit group and before anybody is answered, in one write without an fsync: it
// may lag behind the database after a power cut, it never leads it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/ids.hpp"
#include "core/result.hpp"
#include "store/change_log.hpp"

namespace skerry::store {

// What tells one machine from another, each as a digest; empty where it cannot be read.
struct MachinePrint {
  std::string system;      // of the installed system: /etc/machine-id
  std::string board;       // of the hardware: the DMI product UUID
  std::string generation;  // of the state of a virtual machine: its generation id
  bool operator==(const MachinePrint&) const = default;
};
// They differ in something that both have.
bool is_other_machine(const MachinePrint& a, const MachinePrint& b);

struct Anchor {
  SiteId site;  // zero at central, and at a site before it is enrolled
  EpochId epoch;
  std::int64_t ord = 0;  // of central's life
  std::int64_t seq = 0;
  Hash hash{};
  MachinePrint machine;
  std::int64_t trust = 0;  // the newest generation that was ever in force; 0 in older anchors
  EpochId origin{};        // first_epoch(): whose machine it is, for good; zero in older anchors
  bool operator==(const Anchor&) const = default;
};

// By its site, or by where its log began, where both tell.
bool is_anothers(const Anchor& anchor, const SiteId& site, const EpochId& origin);

// `<folder>/anchor`, 512 bytes of text. One thread at a time.
class AnchorFile {
 public:
  // Makes the folder (0700) when only its parent exists, and the file when there is none.
  // Errc::io_failed with the place.
  static Result<AnchorFile> open(const std::filesystem::path& folder);
  AnchorFile(AnchorFile&& other) noexcept;
  ~AnchorFile();

  // nullopt: nothing was ever written, or what is there is damaged.
  std::optional<Anchor> read() const;
  Result<void> write(const Anchor& anchor);

 private:
  AnchorFile(std::filesystem::path file, int fd) : file_(std::move(file)), fd_(fd) {}
  std::filesystem::path file_;
  int fd_;
};

// Keeps the anchor at the end of the log and the newest generation of trust, as of the last commit.
// The log and the file outlive it.
class AnchorKeeper {
 public:
  AnchorKeeper(AnchorFile& file, SiteId site, EpochId origin, MachinePrint machine)
      : file_(file), site_(site), origin_(origin), machine_(std::move(machine)) {}
  // Says once in the log of the program when the file cannot be written, and goes on.
  void keep(const LogHead& head, std::int64_t trust);

 private:
  AnchorFile& file_;
  SiteId site_;
  EpochId origin_;
  MachinePrint machine_;
  bool failing_ = false;
};

}  // namespace skerry::store
