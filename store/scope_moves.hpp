// At central: records that went from one customer to another, and all that is seen because a
// customer is. Who sees a record changes in two ways: its customer is another (here), or a site
// sees other customers (store/site_scope.hpp). Both leave a place in central's log, and what is
// packed for a site behind it tells who lost the record, and gives it whole to who came to see it.
#pragma once

#include <functional>
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

// Whether the record moved behind place `n`: a site that stands there may never have seen it whole.
bool moved_since(Connection& connection, const RecordId& record, std::int64_t n);

// Every record that is seen because the customer is: itself, what belongs to it, the assets that
// stand with it, and what follows these. Parents come before what follows them. Reads in batches;
// `visit` may write, and ends the walk by false, which is then the result.
using VisitRecord = std::function<bool(const Record&)>;
bool visit_records_of(Connection& connection, const RecordId& customer, const VisitRecord& visit);

}  // namespace skerry::store
