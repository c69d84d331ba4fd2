// At central: records that went from one customer to another. A site that sees only the one it left
// must be told to drop it, and a site that sees only the one it went to has never had it.
#pragma once

#include <vector>

#include "store/record.hpp"

namespace skerry::store {

// After `after` replaced `before` in its table: when other customers decide who sees the record,
// notes those it left, and takes along the records that follow it (notes of a location, moves of an
// asset). `n` is the place of the change in central's log.
void follow_scope(Connection& connection, const Record& before, const Record& after,
                  std::int64_t n);

// The customers the record left at place `n` of the log.
std::vector<RecordId> customers_left(Connection& connection, const RecordId& record,
                                     std::int64_t n);
// Whether the record went to another customer behind `n`.
bool moved_since(Connection& connection, const RecordId& record, std::int64_t n);

}  // namespace skerry::store
