// At a site: takes central's state in, in one transaction: results and acknowledgement, records,
// conflicts; then every record shown is central's state with the still pending rows replayed over
// it.
#pragma once

#include <cstdint>
#include <string>

#include "store/change_log.hpp"
#include "store/upstream.hpp"
#include "sync/take_changes.hpp"

namespace skerry::sync {

struct StateCounts {
  std::int64_t records = 0;  // lines about records
  std::int64_t changed = 0;  // records that look different now
  std::int64_t removed = 0;
  std::int64_t confirmed = 0;  // own rows central has decided
  std::int64_t conflicts = 0;  // conflict records that came
  std::int64_t refused = 0;    // own rows with another disposition than `applied`
  bool waiting = false;        // a piece of a snapshot; the others are not here yet
  bool duplicate = false;
  bool ended = false;            // of a life of central that is over
  bool renewed = false;          // this machine began a new epoch
  bool new_copy = false;         // this machine learned that it is a copy
  bool differs = false;          // what it holds now is not what central has
  std::optional<Error> refusal;  // why the lines were not used, when the rest had an effect
};

// Inside a write job at a site. Errors roll the job back: Errc::bundle_gap, Errc::wrong_history,
// Errc::corrupt_bundle, Errc::unsupported_version, Errc::not_enrolled, Errc::read_only_copy;
// Errc::internal when what was written reads back otherwise.
// `bundle`: its id, the request of the rows that note what arrived.
Result<StateCounts> take_state(store::Connection& connection, store::ChangeLog& log, Random& random,
                               const StateBody& body, bool snapshot, HlcStamp central_clock,
                               const LineSource& lines, std::string bundle = {});

}  // namespace skerry::sync
