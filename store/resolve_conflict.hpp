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
// A decision keeps in the resolution what it changed, so that undo_conflict() takes it back: about
// one field of a record that is there "before" and "after"; of the record as a whole, at central,
// "record".
//
// Errors: not_found, already_exists (decided before), wrong_role (central's to decide),
// duplicate_key, validation_failed (a choice that this conflict does not have), and those of
// RecordWriter::update.
Result<Conflict> resolve_conflict(Connection& connection, ChangeLog& log, Role role, Random& random,
                                  const RecordId& id, const ConflictDecision& decision,
                                  const Author& author);

// Part of a write job: what was before the decision comes back as a change of the record, and the
// conflict is open again. A record that was brought back goes, one that was deleted comes back, and
// a key that was taken away is held by both again. At a site it is central's to confirm, as the
// decision was; there it is about one field of a record that is there.
//
// Errors: not_found; already_exists (it is open); precondition_failed (it has changed since);
// wrong_role (central's to take back); validation_failed (a value too long to be kept, or a
// decision that nobody made: what closed by itself); and those of RecordWriter.
Result<Conflict> undo_conflict(Connection& connection, ChangeLog& log, Role role, Random& random,
                               const RecordId& id, const Author& author);

// What a conflict is about: the field's value, of custom fields the members in conflict alone, with
// null for one that is not there. nullopt where it is no single field, or there is no record.
json::value part_in_conflict(const Conflict& conflict, const json::value& whole);
std::optional<json::value> value_in_conflict(Connection& connection, const Conflict& conflict);

// Writes "before" and "after" into the resolution: {"of":"winner"}, {"of":"loser"} or
// {"value":…}. Neither, when they are too long to travel with the conflict once more.
void keep_change(Conflict& conflict, const json::value& before, const json::value& after);

// Writes "record" into the resolution when the row at place `version` of central's log brought the
// record back ("restored") or deleted it ("removed").
void keep_fate(Connection& connection, Conflict& conflict, Version version);

// At central, of a record that is not there to be changed: the decision itself is the row.
void append_decision(Connection& connection, ChangeLog& log, const Conflict& conflict,
                     std::string_view choice, const Author& author);

// As if nobody had decided it, but for who says so.
void open_again(Conflict& conflict, const std::string& actor);

// A merge patch that gives the field this value and nothing of the old one.
json::object patch_to(const Field& field, const json::value& value);

}  // namespace skerry::store
