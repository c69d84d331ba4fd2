// A site forgets the oldest rows of its log, once central holds them in a verified backup and they
// are old (SYNC 4.9). What is gone is always the beginning of the log, and where it begins now is
// recorded with the hash there, so that the rest can be proven from it.
#pragma once

#include <vector>

#include "store/change_log.hpp"

namespace skerry::store {

// Where one chain begins: behind the row that was `seq`.
struct ChainBegin {
  std::int64_t log = 0;
  std::int64_t seq = 0;
  Hash hash{};
  std::int64_t n = 0;  // its number in the change log
};

struct LogBegin {
  std::int64_t n = 0;  // the last row of the change log that is gone; 0: it is whole
  UnixMillis pruned_at = 0;
  std::int64_t own_rows = 0;  // of this machine's own that are gone
  std::vector<ChainBegin> chains;
};
LogBegin read_log_begin(Connection& connection);
// Of one chain; seq 0 and a zero hash when it is whole.
ChainBegin read_chain_begin(Connection& connection, std::int64_t log);

// Takes away at most `rows_max` rows from the beginning: those recorded before `before`, but none
// of this machine's own that central has not decided and put into a verified backup, and never the
// last one. Returns how many went; 0: there is nothing more to do.
std::int64_t prune_log(Connection& connection, ChangeLog& log, UnixMillis before,
                       std::int64_t rows_max);

}  // namespace skerry::store
