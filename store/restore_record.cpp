// The part of RecordWriter that brings a deleted record back.
#include <fmt/format.h>

#include "store/derived.hpp"
#include "store/record_size.hpp"
#include "store/tombstone.hpp"
#include "store/write_records.hpp"

namespace skerry::store {

Result<Record> RecordWriter::restore(const Kind& kind, const RecordId& id,
                                     const json::object& patch, const Author& author,
                                     std::optional<RecordId> resolves) {
  SKERRY_TRY_VOID(check_authority(kind));
  const auto tombstone = find_tombstone(connection_, id);
  const auto gone = tombstone ? record_of(*tombstone) : std::nullopt;
  if (!gone || gone->kind != &kind)
    return fail(
        Errc::not_found,
        fmt::format("no deleted {} with the id {} is kept here", kind.name, to_string(id)),
        fmt::format("GET /v1/{}/{}/audit tells what became of it", kind.plural, to_string(id)));
  SKERRY_TRY(const FieldValues wanted, read_patch(kind, patch, gone->values));
  Record record(kind);
  record.id = id;
  record.values = gone->values;
  for (const FieldValue& value : wanted) record.values[value.field] = value.value;
  record.created_at = gone->created_at;
  record.updated_at = log_.wall_ms();
  record.revision = gone->revision + 1;
  SKERRY_TRY(record.scope, scope_of(connection_, record));
  Change change = new_change(record, ChangeOp::restore, author);
  change.resolves = resolves;
  change.reopens = reopens_ && resolves.has_value();
  if (tombstone->version.at_central()) change.base = tombstone->version;
  FieldValues held_to_rules;  // what is central's stays as it was, at a site too
  for (std::size_t i = 0; i < record.values.size(); ++i) {
    if (record.values[i].is_null()) continue;
    change.fields.push_back({i, nullptr, record.values[i], std::nullopt});
    const bool as_it_was = record.values[i] == gone->values[i];
    if (kind.fields[i].merge != MergeClass::central || !as_it_was)
      held_to_rules.push_back({i, record.values[i]});
  }
  SKERRY_TRY_VOID(check_values(record, &*gone, held_to_rules, author, {}, resolves.has_value()));
  SKERRY_TRY_VOID(check_size(record));
  SKERRY_TRY(const std::string line, encode_row(change));
  stamp(record, change, log_.next_version());
  // A site keeps it until central agrees.
  if (role_ == Role::central) erase_tombstone(connection_, id);
  insert_record(connection_, record);
  derive_whole(connection_, record);
  append(record, line);
  return record;
}

}  // namespace skerry::store
