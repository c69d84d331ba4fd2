// At a site: central's state of the records that have pending rows (SYNC 4.3). The tables of the
// kinds hold the view; every other record is its own shadow and needs no second copy.
#pragma once

#include <optional>
#include <vector>

#include "store/record.hpp"

namespace skerry::store {

// A record as one text, and back: all but what is derived.
std::string to_doc(const Record& record);
Record from_doc(const Kind& kind, const RecordId& id, std::string_view doc);

// Values and stamps as central has them; nullopt when no copy is kept.
std::optional<Record> find_shadow(Connection& connection, const Kind& kind, const RecordId& id);
// All of one kind, by id.
std::vector<Record> list_shadows(Connection& connection, const Kind& kind);
void write_shadow(Connection& connection, const Record& record);
// Keeps the record as it is before the first pending change; does nothing when one is kept already.
void keep_shadow(Connection& connection, const Record& record);
void erase_shadow(Connection& connection, const RecordId& id);

}  // namespace skerry::store
