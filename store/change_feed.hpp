// The change feed: the log in the order of n, without a gap, from a position on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/change_log.hpp"

namespace skerry::store {

// A place in the feed. `at`, the beginning of the chain's hash there in hex, tells two histories
// with the same numbers apart: after a restore a bare number would be believed.
struct FeedPosition {
  std::int64_t n = 0;
  std::string at;  // empty: not known, or n is 0
};

FeedPosition position_of(const LogRow& row);

struct FeedQuery {
  std::int64_t after = 0;
  int limit = 100;
  int rows_examined_max = 1000;
  std::vector<std::string> kinds{};    // empty: every kind
  std::optional<RecordId> customer{};  // records in this customer's scope, or leaving it
  std::vector<RecordId> customers{};   // and of these customers alone; empty: everybody's
};

struct FeedPage {
  std::vector<LogRow> rows;
  FeedPosition last;  // behind it the next page begins: rows that were passed over count as read
  bool at_end = false;
};

FeedPage read_feed(Connection& connection, const FeedQuery& query);

// Errc::wrong_history for a position that is not of this log: behind its end, before its beginning,
// or with another hash.
Result<void> check_position(Connection& connection, const FeedPosition& position);

}  // namespace skerry::store
