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
// A decision about one field of a record that is there keeps, as "before" and "after" in the
// resolution, what it changed: undo_conflict() takes it back.
//
// Errors: not_found, already_exists (decided before), wrong_role (central's to decide),
// duplicate_key, validation_failed (a choice that this conflict does not have), and those of
// RecordWriter::update.
Result<Conflict> resolve_conflict(Connection& connection, ChangeLog& log, Role role, Random& random,
                                  const RecordId& id, const ConflictDecision& decision,
                                  const Author& author);

// Part of a write job: the value before the decision comes back as a change of the record, and the
// conflict is open again. At a site it is central's to confirm, as the decision was.
//
// Errors: not_found; already_exists (it is open); precondition_failed (the field has changed
// since); validation_failed (a decision that did more than set one field, or one that nobody made:
// what closed by itself); and those of RecordWriter::update.
Result<Conflict> undo_conflict(Connection& connection, ChangeLog& log, Role role, Random& random,
                               const RecordId& id, const Author& author);

// What a conflict is about: the field's value, of custom fields the members in conflict alone, with
// null for one that is not there. nullopt where it is no single field, or there is no record.
json::value part_in_conflict(const Conflict& conflict, const json::value& whole);
std::optional<json::value> value_in_conflict(Connection& connection, const Conflict& conflict);

// Writes "before" and "after" into the resolution: {"of":"winner"}, {"of":"loser"} or
// {"value":…}. Neither, when they are too long to travel with the conflict once more.
void keep_change(Conflict& conflict, const json::value& before, const json::value& after);

// As if nobody had decided it, but for who says so.
void open_again(Conflict& conflict, const std::string& actor);

// A merge patch that gives the field this value and nothing of the old one.
json::object patch_to(const Field& field, const json::value& value);

}  // namespace skerry::store
