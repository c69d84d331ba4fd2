// What the log keeps of a record beside the line: its label and its customer at the time. Copied
// when the row is written rather than looked up when it is read: the record may be gone by then,
// and a look-up per row would cost every page of the audit view.
#pragma once

#include "store/change_log.hpp"
#include "store/record.hpp"

namespace skerry::store {

LogSubject subject_of(Connection& connection, const Record& record);

// Whether a record of this kind without a label of its own is called by what it names: a move by
// its asset, its destination and its day.
bool is_called_by_others(const Kind& kind);

// Of a record of which only the id is at hand: as the table has it; when it is gone or was never
// made, as the log has it.
LogSubject find_subject(Connection& connection, const Kind& kind, const RecordId& id);

// As above; what the log has nothing of is taken from the change itself (a row that was refused).
LogSubject find_subject(Connection& connection, const Change& change);

}  // namespace skerry::store
