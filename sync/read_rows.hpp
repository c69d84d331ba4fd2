// Reads the rows of a site's log from a bundle: cuts, hashes and parses them. Nothing of that needs
// the database, and it is a good part of the work: of a long bundle a thread of its own does it
// ahead of the caller, who decides and writes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/change.hpp"
#include "sync/line_reader.hpp"
#include "sync/positions.hpp"

namespace skerry::sync {

// Gives the payload's lines behind its head to the callback, in order; stops at its first error.
using LineSource = std::function<Result<void>(const LineCallback&)>;

// A row on its way: where it stands in the site's log, its bytes, and what was read from them.
struct SiteRow {
  SiteRow(std::int64_t place, const Hash& chain_hash, std::string bytes);

  std::int64_t seq;
  Hash hash;
  std::string line;
  Result<Change> change;
  std::optional<ChangeUid> uid;  // of a row that was issued again
};

using RowCallback = std::function<Result<void>(SiteRow& row)>;

// Calls `on_row` on the caller's thread, in order; `lines` may be called on another, which has
// ended on return. Memory for some hundred rows. Errors: those of `lines` and of `on_row`, which
// end it; Errc::corrupt_bundle when the rows are not those that `body` announces. Rows were passed
// by then: the caller's transaction is to be rolled back.
Result<void> read_rows(const ChangesBody& body, const LineSource& lines, const RowCallback& on_row);

}  // namespace skerry::sync
