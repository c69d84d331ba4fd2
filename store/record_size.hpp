// What a record and a row of the log may take, so that both fit into a bundle (SYNC.md 4.3).
#pragma once

#include <string>

#include "core/change.hpp"
#include "store/record.hpp"

namespace skerry::store {

// Errc::limit_exceeded for a record that travels and whose values are over record_bytes_max.
Result<void> check_size(const Record& record);

// The row of the log; Errc::limit_exceeded over change_line_bytes_max, with what to do about it.
Result<std::string> encode_row(const Change& change);

}  // namespace skerry::store
