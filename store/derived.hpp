// The derived columns of records (Kind::derived), kept in step as other records change: where an
// asset stands, how many locations and assets a customer has. Each machine computes them from what
// it holds, so that equal records give equal columns, in whatever order they came (ADR 0016). And
// how many records of each kind there are: nobody has to count them.
//
// Called by store/record for every row it writes; nobody else calls the first three.
#pragma once

#include "store/record.hpp"

namespace skerry::store {

void derive_after_insert(Connection& connection, const Record& record);
void derive_after_replace(Connection& connection, const Record& before, const Record& after);
// `n`: of the deletion in central's log, 0 at a site.
void derive_after_delete(Connection& connection, const Record& before, std::int64_t n);

// Of a record that was inserted after records that refer to it, as state from central may come.
void derive_whole(Connection& connection, const Record& record);

// How many records of the kind there are; costs the look-up of one row.
std::int64_t count_kind(Connection& connection, const Kind& kind);

}  // namespace skerry::store
