// What happens in a run: its steps as text, for whoever reads a failure, and how often each of the
// events came up that a simulation is worth nothing without.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <fmt/format.h>
#include <string>
#include <string_view>

#include "core/change.hpp"

namespace skerry::sim {

// Over many seeds each must happen: main.cpp fails when one never does.
inline constexpr std::array<std::string_view, 61> event_names{
    "archive",
    "bit flipped",
    "brought back",
    "brought to the wrong machine",
    "central backed up",
    "central put back",
    "clock set",
    "cloned",
    "conflict concurrent",
    "conflict delete_vs_edit",
    "conflict duplicate_key",
    "conflict edit_vs_delete",
    "conflict in_use",
    "conflict out_of_scope",
    "custom field",
    "custom value",
    "cut off",
    "database put back",
    "decided applied",
    "decided conflict",
    "decided held",
    "decided rejected",
    "decided superseded",
    "delete with dependants",
    "disable",
    "enable",
    "import applied",
    "import bundle_gap",
    "import duplicate",
    "import noted",
    "import quarantined",
    "import read_only_copy",
    "import waiting",
    "import wrong_history",
    "lost",
    "machine put back",
    "more follows",
    "move many",
    "moved to another place",
    "overstepped",
    "record spoilt",
    "refused duplicate_key",
    "refused in_use",
    "refused owned_by_central",
    "refused validation_failed",
    "rejected together",
    "relocated",
    "removed at a site",
    "repeated",
    "resolve loser",
    "resolve value",
    "resolve winner",
    "restart",
    "rows pruned",
    "same bundle twice",
    "scope set",
    "scrap",
    "snapshot",
    "unarchive",
    "written ahead",
    "written together",
};
inline constexpr std::size_t kinds_max = 32;
inline constexpr std::size_t ops_max = 3;

// Flat, so that processes can share it.
struct Counts {
  std::array<std::uint64_t, event_names.size()> events{};
  std::array<std::array<std::uint64_t, ops_max>, kinds_max> writes{};  // kind, ChangeOp
  std::uint64_t bundles = 0;
  std::uint64_t imports = 0;
  std::uint64_t refusals = 0;

  void add(const Counts& other);
  std::uint64_t all_writes() const;
  // The events that never happened and the operations on kinds that nobody wrote; empty when there
  // are none.
  std::string never_happened() const;
};

class Journal {
 public:
  // `now` must outlive the journal; `aloud`: the steps go to stdout.
  Journal(const UnixMillis& now, bool aloud) : now_(now), aloud_(aloud) {}

  // `text()` is called only when somebody listens.
  template <class Text>
  void say(Text text) {
    if (!aloud_) return;
    fmt::print("  {} {}\n", now_ / 1000, text());
    std::fflush(stdout);  // the next step may be the one the process dies in
  }
  // One of event_names; anything else is a mistake in the simulation (CHECK).
  void happened(std::string_view event, std::uint64_t times = 1);
  void wrote(const Kind& kind, ChangeOp op);

  Counts counts;

 private:
  const UnixMillis& now_;
  const bool aloud_;
};

}  // namespace skerry::sim
