// At central: takes the rows of one "changes" bundle in, in one transaction. Every row gets exactly
// one disposition and one row of central's log.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "store/change_log.hpp"
#include "store/sites.hpp"
#include "sync/line_reader.hpp"
#include "sync/positions.hpp"

namespace skerry::sync {

// Gives the payload's lines behind its head to the callback, in order; stops at its first error.
using LineSource = std::function<Result<void>(const LineCallback&)>;

// What a bundle did, for the report.
struct TakenCounts {
  std::int64_t rows = 0;   // new ones
  std::int64_t known = 0;  // had them already
  std::int64_t applied = 0;
  std::int64_t superseded = 0;
  std::int64_t conflicts = 0;  // conflict records made
  std::int64_t rejected = 0;
  std::int64_t held = 0;
  std::int64_t released = 0;  // held rows that could be decided now
  bool news = false;          // new rows, or a newer report of what the site holds
};

// Inside a write job at central. `site` is the authenticated sender, with what it reports in
// `body`. Errors roll the job back: Errc::bundle_gap, Errc::wrong_history, Errc::corrupt_bundle.
Result<TakenCounts> take_changes(store::Connection& connection, store::ChangeLog& log,
                                 store::Site site, const EpochId& epoch, const ChangesBody& body,
                                 const CentralLife& life, const LineSource& lines);

}  // namespace skerry::sync
