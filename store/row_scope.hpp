// Whose a row of the log is, and what of it is told to an access that is limited to customers: for
// the change feed and the audit view alike.
#pragma once

#include <vector>

#include "store/audit.hpp"
#include "store/change_log.hpp"

namespace skerry::store {

// Whether the row is about what is the customer's or stands with it, comes to it, or leaves it.
bool is_of_customer(Connection& connection, const LogRow& row, const RecordId& customer);

// Of one of these customers; empty: everybody's.
bool is_row_seen(Connection& connection, const LogRow& row, const std::vector<RecordId>& customers);

// `shown` is what was read of the row. Takes out of it what is another customer's: its id and those
// of its places, though the record's own customer sees where it went, as in the record itself; and
// the label of a move to such a place, which is called by it.
void hide_others(Connection& connection, const LogRow& row, const std::vector<RecordId>& customers,
                 AuditRow& shown);

}  // namespace skerry::store
