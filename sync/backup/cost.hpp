// What a restore would cost: which rows of a machine's log are not in the backup, and who else has
// them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "store/own_epochs.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::sync {

// How far a chain of the machine is in the backup, too.
struct SharedLog {
  std::int64_t log = 0;  // number, in the machine's database
  EpochId epoch;
  std::int64_t shared = 0;  // rows up to here are the same
  std::int64_t end = 0;     // the machine's last
};

struct RestoreCost {
  std::vector<SharedLog> logs;  // every chain of the machine, own and received
  std::int64_t rows = 0;        // of all of them, that the backup does not have
  std::int64_t own = 0;         // changes among them that people and programs made on this machine
  std::int64_t decided = 0;     // … of which central has so many: they come back by themselves
  std::int64_t of_others = 0;   // rows that came from a site, or from central: sent again
  bool harmless = true;         // nothing of its own logs that only a person could write again
  UnixMillis since = 0;         // when the first and the last of the own changes were recorded
  UnixMillis until = 0;
  std::vector<std::pair<std::string, std::int64_t>> kinds;  // own changes, by kind of record

  std::int64_t waiting() const { return own - decided; }  // that nobody else has
};

// Both as connections that nobody writes meanwhile. Throws StorageError.
RestoreCost restore_cost(store::Connection& machine, store::Connection& backup);

// Part of a restore, in the database that takes the place of the machine's: the rows of its own log
// that go, and those that it knew to be lost before. The anchor tells of the last epoch alone.
void note_losses(store::Connection& machine, const RestoreCost& cost, store::Connection& backup,
                 UnixMillis now);

// Whether a row is a change that somebody made on this machine, rather than something that happened
// to it, or that arrived.
bool is_own_change(std::string_view line);

}  // namespace skerry::sync
