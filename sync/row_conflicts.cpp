// The part of RowDecider that keeps what did not stand, where a person sees it.
#include <algorithm>
#include <fmt/format.h>

#include "core/check.hpp"
#include "core/json_member.hpp"
#include "core/timestamp.hpp"
#include "crypto/sha256.hpp"
#include "store/custom_fields.hpp"
#include "store/duplicate_keys.hpp"
#include "store/quarantine.hpp"
#include "store/record_size.hpp"
#include "store/resolve_conflict.hpp"
#include "store/site_scope.hpp"
#include "sync/decide_row.hpp"

namespace skerry::sync {
namespace {

using store::ConflictType;
using store::FieldStamp;
using store::Record;
using store::Tombstone;

// The same rows give the same conflict ids, so that a replay makes nothing twice.
RecordId conflict_id(const Hash& row_hash, std::string_view field) {
  crypto::Sha256 hash;
  hash.update(row_hash);
  hash.update(as_bytes(field));
  const Hash digest = hash.finish();
  RecordId id;
  std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x80);  // UUIDv8: our own form
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

ChangeUid uid_of(const Change& change, const Hash& row_hash) {
  return change.uid ? *change.uid : store::uid_of_hash(row_hash);
}

json::value version_json(Version version) {
  return version.at_central() ? to_json(version) : json::value();
}

}  // namespace

// An edit never brings a deleted record back; it is kept where a person sees it (SYNC H8).
// `before`: the record, when it is what the row names that was deleted.
Decision RowDecider::after_delete(const Row& row, const Tombstone& tombstone,
                                  const Record* before) {
  const RecordId customer = customer_seen(tombstone.scope);
  if (!before)
    keep_proposal(row, ConflictType::edit_vs_delete, customer,
                  describe_deletion(tombstone.version));
  else
    for (const FieldChange& field : row.change.fields) {
      const std::string_view name = row.change.kind->fields[field.field].name;
      write_conflict(row, ConflictType::edit_vs_delete, customer, name,
                     describe_current(before->values[field.field], before->stamps.of(name)),
                     describe_proposal(row, &field));
    }
  return {Disposition::conflict, "edit_vs_delete", 0};
}

// The conflicts about the record as a whole that wait for a person since it went, and in which
// nobody but this branch of the site has a say: what it made, or brought back, in vain.
std::vector<store::Conflict> RowDecider::standing_proposals(const Row& row,
                                                            const Tombstone& tombstone) {
  std::vector<store::Conflict> found = store::open_about_whole(connection_, row.change.record);
  std::erase_if(found, [&](const store::Conflict& conflict) {
    const auto written = version_from_json(member_of(conflict.loser, "version"));
    if (conflict.kind != row.change.kind || !member_of(conflict.loser, "value").is_object() ||
        member_of(member_of(conflict.loser, "author"), "site") != json::value(site_.name) ||
        !written || *written < tombstone.version)
      return true;
    return !branch_->holds(*written);
  });
  return found;
}

// An edit of what its author made in vain is of the one decision about the record, which shows it
// as it would be by now, unless that is too long to travel.
Decision RowDecider::edit_of_gone(const Row& row, const Tombstone& tombstone) {
  std::optional<Decision> folded;
  for (store::Conflict& conflict : standing_proposals(row, tombstone)) {
    json::object loser = describe_record(row, conflict.loser.at("value").as_object());
    Record record(*row.change.kind);
    for (std::size_t i = 0; i < record.values.size(); ++i)
      record.values[i] = member_of(loser.at("value"), row.change.kind->fields[i].name);
    if (!store::check_size(record)) continue;
    conflict.loser = std::move(loser);
    conflict.version = row.version.n;
    store::write_conflict(connection_, conflict);
    folded = Decision{Disposition::conflict, std::string(store::to_text(conflict.type)), 0};
  }
  return folded ? *folded : after_delete(row, tombstone);
}

// Who made a record in vain and deleted it since leaves nothing to be decided.
void RowDecider::withdraw_proposals(const Row& row, const Tombstone& tombstone) {
  for (store::Conflict& conflict : standing_proposals(row, tombstone)) {
    conflict.open = false;
    conflict.decided_by = fmt::format("{} at {}", row.change.actor, site_.name);
    conflict.resolved_at = received_at_;
    conflict.resolution = {{"choice", "withdrawn"}, {"version", to_json(row.version)}};
    conflict.version = row.version.n;
    store::write_conflict(connection_, conflict);
  }
}

// What does not stand at all: a record that does not come to be is one decision, an edit one for
// each field.
void RowDecider::keep_proposal(const Row& row, ConflictType type, const RecordId& customer,
                               const json::object& winner) {
  const Change& change = row.change;
  if (change.op == ChangeOp::create || change.op == ChangeOp::restore)
    return write_conflict(row, type, customer, {}, winner, describe_record(row));
  if (change.op == ChangeOp::remove)
    return write_conflict(row, type, customer, {}, winner, describe_proposal(row, nullptr));
  for (const FieldChange& field : change.fields)
    write_conflict(row, type, customer, change.kind->fields[field.field].name, winner,
                   describe_proposal(row, &field));
}

// Takes from a site only what is in its scope; anything else is kept as a conflict.
bool RowDecider::scope_allows(const Row& row, const store::Scope& scope) {
  if (store::in_scope(connection_, site_, *row.change.kind, scope)) return true;
  keep_proposal(row, ConflictType::out_of_scope, scope.customer, {});
  return false;
}

// The customer a conflict is told under: one that the site sees, so that it learns of it.
RecordId RowDecider::customer_seen(const store::Scope& scope) {
  const bool by_place = !scope.place.is_zero() &&
                        !store::in_scope(connection_, site_, scope.customer) &&
                        store::in_scope(connection_, site_, scope.place);
  return by_place ? scope.place : scope.customer;
}

Decision RowDecider::note_lost_mentions(const Row& row, const Record& record) {
  if (lost_mentions_.empty()) return {};
  std::string names;
  for (const FieldChange* lost : lost_mentions_) {
    const std::string_view name = record.kind->fields[lost->field].name;
    json::object winner{{"value", record.values[lost->field]}, {"version", to_json(row.version)}};
    write_conflict(row, ConflictType::edit_vs_delete, customer_seen(record.scope), name,
                   std::move(winner), describe_proposal(row, lost));
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
  }
  return {Disposition::superseded, fmt::format("{} names what was deleted", names), 0};
}

// Two sites that never met may both be right: both records stay (SYNC H9). Of what stands since
// this row only: the rest was told when it came to stand.
void RowDecider::note_duplicate_keys(const Row& row, const Record& before, const Record& record) {
  std::vector<std::size_t> changed;
  for (std::size_t i = 0; i < record.values.size(); ++i)
    if (before.values[i] != record.values[i]) changed.push_back(i);
  for (const std::size_t key : store::changed_keys(*record.kind, changed)) {
    const auto other = store::find_same_key(connection_, record, key);
    if (!other) continue;
    const json::value& value = record.values[key];
    // Of a key that became equal because its group changed: as it was.
    const FieldChange same{key, value, value, std::nullopt};
    const auto field = std::find_if(row.change.fields.begin(), row.change.fields.end(),
                                    [&](const FieldChange& each) { return each.field == key; });
    json::object winner = describe_holder(*other, *record.kind, key, value);
    json::object loser = describe_proposal(row, field == row.change.fields.end() ? &same : &*field);
    loser["record"] = to_string(record.id);
    write_conflict(row, ConflictType::duplicate_key, customer_seen(record.scope),
                   record.kind->fields[key].name, std::move(winner), std::move(loser));
  }
  for (const FieldChange& field : row.change.fields) {
    if (record.kind->fields[field.field].type != FieldType::custom) continue;
    for (const auto& [key, other] :
         store::find_same_custom(connection_, record, before.values[field.field])) {
      const json::value& value = record.values[field.field].at(key);
      json::object winner = describe_holder(other, *record.kind, field.field, value);
      json::object loser = describe_proposal(row, &field);
      loser["record"] = to_string(record.id);
      loser["value"] = value;
      write_conflict(row, ConflictType::duplicate_key, customer_seen(record.scope),
                     fmt::format("custom.{}", key), std::move(winner), std::move(loser));
    }
  }
}

// The row may decide a conflict. When it did not come to that, the site is told that it is open
// still: it shows it as decided since the row was written.
void RowDecider::resolve_conflict(const Row& row, const Decision& decision) {
  if (!row.change.resolves) return;
  auto conflict = store::find_conflict(connection_, *row.change.resolves);
  if (!conflict) return;
  if (row.change.reopens) return reopen_conflict(row, decision, std::move(*conflict));
  const bool settled_by_it = !conflict->open && conflict->version == row.version.n;
  if (!conflict->open && !settled_by_it) return;
  const bool is_about =
      conflict->record == row.change.record || conflict->other() == row.change.record;
  const bool done = decision.disposition == Disposition::applied ||
                    decision.disposition == Disposition::superseded;
  // A key is decided when nothing clashes any more; of an id there is nothing to change.
  const auto key = store::unique_key_of(*conflict);
  const bool clashes = conflict->type == ConflictType::duplicate_key && key && !settled_by_it;
  conflict->version = row.version.n;
  if (done && is_about && !clashes) {
    conflict->open = false;
    conflict->decided_by = fmt::format("{} at {}", row.change.actor, site_.name);
    conflict->resolved_at = received_at_;
    conflict->resolution = {{"version", to_json(row.version)}};
    // What stood was confirmed.
    if (row.change.op == ChangeOp::set && row.change.fields.empty())
      conflict->resolution["choice"] = "winner";
    const auto record = store::find_record(connection_, *conflict->kind, conflict->record);
    if (key && record) conflict->resolution["value"] = key->of(*record);
    store::keep_fate(connection_, *conflict, row.version);
    if (conflict->type != ConflictType::duplicate_key) note_change(row, *conflict);
  }
  store::write_conflict(connection_, *conflict);
}

// What the decision changed, so that it can be taken back.
void RowDecider::note_change(const Row& row, store::Conflict& conflict) {
  const auto after = store::value_in_conflict(connection_, conflict);
  if (!after || row.change.op != ChangeOp::set) return;
  json::value before = *after;
  for (const FieldChange& field : row.change.fields)
    if (row.change.kind->fields[field.field].name == conflict.field)
      before = store::part_in_conflict(conflict, field.old_value);
  store::keep_change(conflict, before, *after);
}

// A site took its decision, or central's, back. When the row did not come to stand, the site is
// told that the decision stands.
void RowDecider::reopen_conflict(const Row& row, const Decision& decision,
                                 store::Conflict conflict) {
  const bool done = decision.disposition == Disposition::applied;
  if (conflict.record != row.change.record || (conflict.open && done)) return;
  conflict.version = row.version.n;
  if (done) {
    store::open_again(conflict, fmt::format("{} at {}", row.change.actor, site_.name));
  }
  store::write_conflict(connection_, conflict);
}

void RowDecider::write_conflict(const Row& row, ConflictType type, const RecordId& customer,
                                std::string_view field, json::object winner, json::object loser) {
  store::Conflict conflict;
  conflict.id = conflict_id(row.hash, fmt::format("{}/{}", store::to_text(type), field));
  conflict.type = type;
  conflict.kind = row.change.kind;
  conflict.record = row.change.record;
  conflict.scope_customer = customer;
  conflict.field = field;
  conflict.winner = std::move(winner);
  conflict.loser = std::move(loser);
  conflict.created_at = received_at_;
  conflict.version = row.version.n;
  store::write_conflict(connection_, conflict);
  ++conflicts_;
}

json::object RowDecider::describe_proposal(const Row& row, const FieldChange* field) const {
  json::object described{{"author", json::object{{"site", site_.name}, {"by", row.change.actor}}},
                         {"uid", to_string(uid_of(row.change, row.hash))},
                         {"hlc", to_string(row.change.hlc)},
                         {"effective", format_timestamp(row.effective.ms())}};
  if (row.change.wall) described["wall"] = format_timestamp(*row.change.wall);
  if (!field) {
    described["deleted"] = true;
    return described;
  }
  described["value"] = field->new_value;
  described["old"] = field->old_value;
  described["base"] = field->base ? version_json(*field->base) : json::value();
  return described;
}

// The record as the row writes it, over what was written before.
json::object RowDecider::describe_record(const Row& row, json::object values) const {
  for (const FieldChange& field : row.change.fields)
    values[row.change.kind->fields[field.field].name] = field.new_value;
  json::object described = describe_proposal(row, nullptr);
  described.erase("deleted");
  described["value"] = std::move(values);
  described["version"] = to_json(row.version);
  return described;
}

json::object RowDecider::describe_current(const json::value& value, const FieldStamp& stamp) {
  json::object author = author_at(stamp.version);
  if (const auto site = store::find_site_by_number(connection_, stamp.site))
    author["site"] = site->name;
  return {{"value", value},
          {"author", std::move(author)},
          {"version", version_json(stamp.version)},
          {"effective", format_timestamp(stamp.effective.ms())}};
}

// What a site's row made in vain is not here because central did not take it in.
json::object RowDecider::describe_deletion(Version version) {
  const auto line = parsed_line(connection_, version.n);
  const json::object* row = line ? object_of(*line, "row") : nullptr;
  const bool in_vain = row && text_of(*row, "op") != "del";
  json::object author = in_vain ? json::object{{"site", "central"}} : author_at(version);
  return {{"deleted", true}, {"author", std::move(author)}, {"version", to_json(version)}};
}

// The record that has the key already.
json::object RowDecider::describe_holder(const RecordId& id, const Kind& kind, std::size_t field,
                                         const json::value& value) {
  const auto record = store::find_record(connection_, kind, id);
  SKERRY_CHECK(record.has_value());
  json::object described = describe_current(value, record->stamps.of(kind.fields[field].name));
  described["record"] = to_string(id);
  return described;
}

// Who wrote what has this version: central, or the site whose row the place of the log decides.
json::object RowDecider::author_at(Version version) {
  json::object author{{"site", "central"}};
  const auto line = parsed_line(connection_, version.n);
  if (!line) return author;
  const json::object* change = &*line;
  if (const auto site = parse_id<SiteId>(text_of(*line, "site")))
    if (const auto known = store::find_site(connection_, *site)) author["site"] = known->name;
  if (const json::value* row = line->if_contains("row"); row && row->is_object())
    change = &row->get_object();
  if (const std::string_view by = text_of(*change, "by"); !by.empty()) author["by"] = by;
  return author;
}

}  // namespace skerry::sync
