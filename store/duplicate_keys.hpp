// Conflicts over a unique key that two records hold (SYNC H9). Both records stay as they are until
// a person gives one of them another key, or none; then the conflict closes, however that came
// about.
#pragma once

#include <optional>
#include <string>

#include "core/version.hpp"
#include "store/conflicts.hpp"
#include "store/record.hpp"

namespace skerry::store {

// What a duplicate_key conflict is about: a unique field, or one key of the custom fields.
struct UniqueKey {
  std::size_t field = 0;
  std::string custom;  // empty: the field itself

  const json::value& of(const Record& record) const;
  // The merge patch that gives a record this key, or takes it away with null.
  json::object patch(const Kind& kind, const json::value& value) const;
};

// nullopt for a field that the kind does not have.
std::optional<UniqueKey> unique_key_of(const Conflict& conflict);

// Another record with the same key, if any.
std::optional<RecordId> find_clash(Connection& connection, const Record& record,
                                   const UniqueKey& key);

// At central, at place `version` of its log, after the record changed or went: of the conflicts
// about its keys, those over which nothing clashes any more close; one whose record clashes with a
// third one now names that.
void settle_duplicates(Connection& connection, const RecordId& record, Version version,
                       UnixMillis now);

}  // namespace skerry::store
