#include "sync/decide_row.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/json_member.hpp"
#include "core/merge.hpp"
#include "core/timestamp.hpp"
#include "crypto/sha256.hpp"
#include "store/conflicts.hpp"
#include "store/custom_fields.hpp"
#include "store/record_size.hpp"
#include "store/scope_moves.hpp"
#include "store/site_scope.hpp"
#include "store/tombstone.hpp"

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

// Of a map only what is in conflict, with null for what a side does not have: so that choosing a
// side changes these keys and no other.
json::value members_of(const json::value& map, const std::vector<std::string>& keys) {
  json::object members;
  for (const std::string& key : keys) members[key] = member_of(map, key);
  return members;
}

ChangeUid uid_of(const Change& change, const Hash& row_hash) {
  if (change.uid) return *change.uid;
  ChangeUid uid;
  std::copy_n(row_hash.begin(), uid.bytes.size(), uid.bytes.begin());
  return uid;
}

json::value version_json(Version version) {
  return version.at_central() ? to_json(version) : json::value();
}

Decision rejected(std::string why) { return {Disposition::rejected, std::move(why), 0}; }

// What the tables demand and a row's form alone does not: every required field, and a size that
// can travel on.
Result<void> check_whole(const Record& record) {
  for (std::size_t i = 0; i < record.values.size(); ++i)
    if (record.kind->fields[i].required && record.values[i].is_null())
      return fail(Errc::validation_failed,
                  fmt::format("{} is required", record.kind->fields[i].name));
  return store::check_size(record);
}

}  // namespace

Decision RowDecider::decide(const Change& change, const Hash& row_hash, Version version) {
  conflicts_ = 0;
  Decision decision =
      decide_row({change, row_hash, effective_stamp(change.hlc, received_at_), version});
  decision.conflicts = conflicts_;
  return decision;
}

Decision RowDecider::decide_row(const Row& row) {
  if (row.change.kind->authority == Authority::central) return rejected("owned_by_central");
  switch (row.change.op) {
    case ChangeOp::create:
      return create(row);
    case ChangeOp::set:
      return set(row);
    case ChangeOp::remove:
      return remove(row);
  }
  return rejected("an operation this program does not know");
}

Decision RowDecider::create(const Row& row) {
  const Change& change = row.change;
  if (!is_record_id(change.record)) return rejected("the id is no UUID of version 7");
  if (store::find_tombstone(connection_, change.record) ||
      store::record_exists(connection_, *change.kind, change.record))
    return rejected("the id is taken");
  Record record(*change.kind);
  record.id = change.record;
  record.created_at = change.hlc.ms();
  record.updated_at = received_at_;
  record.revision = 1;
  record.version = row.version.n;
  record.stamps = store::Stamps(FieldStamp{row.version, site_.number, row.effective});
  for (const FieldChange& field : change.fields) {
    if (change.kind->fields[field.field].merge == MergeClass::central)
      return rejected(fmt::format("owned_by_central: {}", change.kind->fields[field.field].name));
    record.values[field.field] = field.new_value;
  }
  if (const auto whole = check_whole(record); !whole) return rejected(whole.error().detail);
  const auto scope = store::scope_of(connection_, record);
  if (!scope) return unplaced(row, record, scope.error());
  record.scope = *scope;
  if (change.kind->scope == ScopePath::itself) {
    // A customer that a site makes is in that site's scope from then on.
    if (!site_.sees_all) store::add_to_scope(connection_, site_, record.id, row.version.n);
  } else if (!scope_allows(row, *scope)) {
    return {Disposition::conflict, "out_of_scope", 0};
  }
  store::insert_record(connection_, record);
  note_duplicate_keys(row, Record(*change.kind), record);
  return {};
}

Decision RowDecider::set(const Row& row) {
  if (const auto tombstone = store::find_tombstone(connection_, row.change.record))
    return after_delete(row, *tombstone);
  const auto before = store::find_record(connection_, *row.change.kind, row.change.record);
  if (!before) return absent(row);
  if (!scope_allows(row, before->scope)) return {Disposition::conflict, "out_of_scope", 0};
  return set_fields(row, *before);
}

Decision RowDecider::set_fields(const Row& row, const Record& before) {
  const Kind& kind = *row.change.kind;
  Record record = before;
  std::vector<std::pair<const FieldChange*, Merged>> conflicts;
  std::string lost;
  for (const FieldChange& field : row.change.fields) {
    const Field& description = kind.fields[field.field];
    const FieldStamp& stamp = before.stamps.of(description.name);
    const SiteId author = author_of(stamp);
    const Merged merged = merge_field(
        description, {before.values[field.field], stamp.version, author, stamp.effective},
        {field.new_value, field.old_value, field.base, site_.id, row.effective});
    if (merged.outcome == MergeOutcome::refused)
      return rejected(fmt::format("owned_by_central: {}", description.name));
    if (is_conflict(merged.outcome)) conflicts.emplace_back(&field, merged);
    if (merged.outcome == MergeOutcome::lost) {
      lost += lost.empty() ? "" : ", ";
      lost += description.name;
    }
    // A map that lost a key has others that stand.
    const bool as_it_was = merged.value == before.values[field.field];
    if (merged.outcome == MergeOutcome::agreed ||
        (merged.outcome == MergeOutcome::lost && as_it_was))
      continue;
    record.values[field.field] = merged.value;
    record.stamps.set(description.name, {row.version, site_.number, row.effective});
  }
  if (const auto whole = check_whole(record); !whole) return rejected(whole.error().detail);
  const auto scope = store::scope_of(connection_, record);
  if (!scope) return unplaced(row, record, scope.error());
  if (*scope != before.scope && !scope_allows(row, *scope))
    return {Disposition::conflict, "out_of_scope", 0};
  record.scope = *scope;
  record.revision = before.revision + 1;
  record.updated_at = received_at_;
  record.version = row.version.n;
  store::replace_record(connection_, before, record);
  store::follow_scope(connection_, before, record, row.version.n);
  for (const auto& [field, merged] : conflicts) {
    const std::string_view name = kind.fields[field->field].name;
    json::object proposal = describe_proposal(row, field);
    json::object current = describe_current(before.values[field->field], before.stamps.of(name));
    const bool won = merged.outcome == MergeOutcome::won;
    if (!merged.clashes.empty())
      for (json::object* side : {&proposal, &current})
        (*side)["value"] = members_of((*side)["value"], merged.clashes);
    if (record.stamps.of(name) != before.stamps.of(name))
      (won ? proposal : current)["version"] = to_json(row.version);
    write_conflict(row, ConflictType::concurrent, customer_seen(record.scope), name,
                   won ? proposal : current, won ? current : proposal);
  }
  note_duplicate_keys(row, before, record);
  resolve_conflict(row, record);
  if (!lost.empty()) return {Disposition::superseded, "a concurrent value stands for " + lost, 0};
  return {};
}

Decision RowDecider::remove(const Row& row) {
  if (store::find_tombstone(connection_, row.change.record)) return {};  // both deleted it
  const auto before = store::find_record(connection_, *row.change.kind, row.change.record);
  if (!before) return absent(row);
  if (!scope_allows(row, before->scope)) return {Disposition::conflict, "out_of_scope", 0};
  if (const auto referrer = store::find_referrer(connection_, *row.change.kind, before->id))
    return rejected(fmt::format("in_use: {} refers to it", *referrer));
  for (std::size_t i = 0; i < before->values.size(); ++i) {
    const std::string_view name = row.change.kind->fields[i].name;
    const FieldStamp& stamp = before->stamps.of(name);
    const bool seen = row.change.base && stamp.version <= *row.change.base;
    if (stamp.site == site_.number || seen) continue;
    json::object winner = describe_proposal(row, nullptr);
    winner["version"] = to_json(row.version);
    write_conflict(row, ConflictType::delete_vs_edit, customer_seen(before->scope), name,
                   std::move(winner), describe_current(before->values[i], stamp));
  }
  store::delete_record(connection_, *before, row.version.n);
  store::write_tombstone(connection_, {before->id, row.change.kind, before->scope, row.version},
                         received_at_);
  return {};
}

// A row about a record central does not have: its creation waits, or was refused.
Decision RowDecider::absent(const Row& row) {
  const bool waits =
      connection_.query("SELECT 1 FROM held WHERE record=?1 LIMIT 1", row.change.record).next();
  if (waits) return {Disposition::held, "the row that makes the record waits", 0};
  return rejected("central has no such record");
}

// A record that follows another one which is not here: it waits, unless that one was deleted and
// never comes. Then what was written is kept as every edit of what is gone, and a new record is
// gone with the one it followed: so is what follows it.
Decision RowDecider::unplaced(const Row& row, const Record& record, const Error& why) {
  const json::string* parent = record.value(record.kind->scope_field).if_string();
  const auto id = parent ? parse_id<RecordId>(*parent) : std::nullopt;
  const auto tombstone = id ? store::find_tombstone(connection_, *id) : std::nullopt;
  if (!tombstone) return {Disposition::held, why.detail, 0};
  if (row.change.op == ChangeOp::create)
    store::write_tombstone(connection_, {record.id, record.kind, tombstone->scope, row.version},
                           received_at_);
  return after_delete(row, *tombstone);
}

// An edit never brings a deleted record back; it is kept where a person sees it (SYNC H8).
Decision RowDecider::after_delete(const Row& row, const Tombstone& tombstone) {
  for (const FieldChange& field : row.change.fields) {
    json::object winner{{"deleted", true}, {"version", to_json(tombstone.version)}};
    write_conflict(row, ConflictType::edit_vs_delete, customer_seen(tombstone.scope),
                   row.change.kind->fields[field.field].name, std::move(winner),
                   describe_proposal(row, &field));
  }
  return {Disposition::conflict, "edit_vs_delete", 0};
}

// Takes from a site only what is in its scope; anything else is kept as a conflict.
bool RowDecider::scope_allows(const Row& row, const store::Scope& scope) {
  if (store::in_scope(connection_, site_, *row.change.kind, scope)) return true;
  const RecordId& customer = scope.customer;
  if (row.change.fields.empty())
    write_conflict(row, ConflictType::out_of_scope, customer, {}, {},
                   describe_proposal(row, nullptr));
  for (const FieldChange& field : row.change.fields)
    write_conflict(row, ConflictType::out_of_scope, customer,
                   row.change.kind->fields[field.field].name, {}, describe_proposal(row, &field));
  return false;
}

// The customer a conflict is told under: one that the site sees, so that it learns of it.
RecordId RowDecider::customer_seen(const store::Scope& scope) {
  const bool by_place = !scope.place.is_zero() &&
                        !store::in_scope(connection_, site_, scope.customer) &&
                        store::in_scope(connection_, site_, scope.place);
  return by_place ? scope.place : scope.customer;
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
    json::object winner{{"record", to_string(*other)}, {"value", value}};
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
      json::object winner{{"record", to_string(other)}, {"value", value}};
      json::object loser = describe_proposal(row, &field);
      loser["record"] = to_string(record.id);
      loser["value"] = value;
      write_conflict(row, ConflictType::duplicate_key, customer_seen(record.scope),
                     fmt::format("custom.{}", key), std::move(winner), std::move(loser));
    }
  }
}

void RowDecider::resolve_conflict(const Row& row, const Record& record) {
  if (!row.change.resolves) return;
  auto conflict = store::find_conflict(connection_, *row.change.resolves);
  if (!conflict || !conflict->open || conflict->record != record.id) return;
  conflict->open = false;
  conflict->decided_by = fmt::format("{} at {}", row.change.actor, site_.name);
  conflict->resolved_at = received_at_;
  conflict->version = row.version.n;
  if (const int field = record.kind->find_field(conflict->field); field >= 0)
    conflict->resolution = {{"value", record.values[static_cast<std::size_t>(field)]},
                            {"version", to_json(row.version)}};
  store::write_conflict(connection_, *conflict);
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

json::object RowDecider::describe_current(const json::value& value, const FieldStamp& stamp) {
  json::object author{{"site", "central"}};
  if (const auto site = store::find_site_by_number(connection_, stamp.site))
    author["site"] = site->name;
  return {{"value", value},
          {"author", std::move(author)},
          {"version", version_json(stamp.version)},
          {"effective", format_timestamp(stamp.effective.ms())}};
}

SiteId RowDecider::author_of(const FieldStamp& stamp) {
  if (stamp.site == 0) return SiteId{};
  if (stamp.site == site_.number) return site_.id;
  const auto site = store::find_site_by_number(connection_, stamp.site);
  return site ? site->id : SiteId{};
}

}  // namespace skerry::sync
