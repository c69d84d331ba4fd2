// A person decides a conflict.
#pragma once

#include <variant>

#include "store/conflicts.hpp"
#include "store/write_records.hpp"

namespace skerry::store {

enum class ConflictChoice { winner, loser };

// What stands from now on: one of the two values, or another.
using ConflictDecision = std::variant<ConflictChoice, json::value>;

// Part of a write job. The decision is a change of the record, in the log like any other; choosing
// the winner writes no value and is logged all the same. At central it travels down to the sites in
// scope. A site shows it at once; central confirms it when the change arrives there.
//
// duplicate_key: `winner` takes the key away from the conflict's record and `loser` from the other
// one, which a key that is required does not allow; `value` is the new key of the conflict's
// record, and must clash with none. Of an id that two records were given only the winner can be
// chosen. A record that is gone lives again with the loser's value, or another; that it stays gone,
// the winner, is chosen at central.
//
// Errors: not_found, already_exists (decided before), wrong_role (central's to decide),
// duplicate_key, validation_failed (a choice that this conflict does not have), and those of
// RecordWriter::update.
Result<Conflict> resolve_conflict(Connection& connection, ChangeLog& log, Role role, Random& random,
                                  const RecordId& id, const ConflictDecision& decision,
                                  const Author& author);

}  // namespace skerry::store
