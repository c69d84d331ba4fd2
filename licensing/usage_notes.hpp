// What happens to seats, noted where it happens until it becomes facts (licensing/usage_facts.hpp):
// table `usage_note`, and the counts that wait in memory to get there.
//
// What somebody may rely on (a seat that was given, what was used of a count) is noted in the
// transaction of the act. Denials, clones and marks are counted in memory first: a crash may cost
// the last second of them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::licensing {

enum class Happened : std::uint8_t {
  activation,  // a seat was given to a machine that had none
  release,     // it ended: given back, or its lease ran out
  overdraft,   // the seat is one beyond those sold
  denial,      // for want of a seat or of a feature
  clone,       // a call that was not the one that follows
  usage,       // of a usage count
  high_water,  // the most seats, or the most of a pool, at once
};
std::string_view to_text(Happened what);
// Summed up by the hour; of high_water the largest counts.
bool is_counted(Happened what);

inline constexpr UnixMillis hour_ms = 3'600'000;
constexpr UnixMillis hour_of(UnixMillis time) { return time - time % hour_ms; }

// What tells one note from another; empty where it says nothing.
struct UsageKey {
  RecordId entitlement;
  Happened what = Happened::activation;
  UnixMillis at = 0;  // by the lease clock; of what is counted, its hour
  RecordId activation{};
  std::string machine{};
  std::string user{};
  std::string feature{};
  auto operator<=>(const UsageKey&) const = default;
};
struct UsageNote {
  UsageKey key;
  std::int64_t amount = 1;
  bool operator==(const UsageNote&) const = default;
};

// Adds to what is noted under the key, or raises its mark. Writer thread.
void write_note(store::Connection& connection, const UsageKey& key, std::int64_t amount);
// Notes that are ready by `now`, in their order; `all`: the open hour's, too.
std::vector<UsageNote> take_notes(store::Connection& connection, UnixMillis now, bool all,
                                  std::size_t notes_max);

// Not thread-safe; SeatDesk guards it.
class UsageTally {
 public:
  // From then on notes of one hour are no more told apart by machine and user.
  static constexpr std::size_t keys_max = 10'000;

  void add(UsageKey key, std::int64_t amount);
  void mark(UsageKey key, std::int64_t amount);
  // What was marked since the last time did not happen: the commit failed.
  void forget_marks();
  bool empty() const { return counts_.empty(); }
  // Writes what was counted since the last time.
  void write(store::Connection& connection);

 private:
  std::int64_t& count_of(UsageKey key);
  std::map<UsageKey, std::int64_t> counts_;
};

}  // namespace skerry::licensing
