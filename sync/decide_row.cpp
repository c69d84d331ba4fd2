#include "sync/decide_row.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/json_member.hpp"
#include "core/json_text.hpp"
#include "core/merge.hpp"
#include "store/derived.hpp"
#include "store/duplicate_keys.hpp"
#include "store/record_size.hpp"
#include "store/scope_moves.hpp"
#include "store/site_scope.hpp"
#include "store/tombstone.hpp"

namespace skerry::sync {
namespace {

using store::ConflictType;
using store::FieldStamp;
using store::is_mention;
using store::Record;
using store::Tombstone;

// Of a map only what is in conflict, with null for what a side does not have: so that choosing a
// side changes these keys and no other.
json::value members_of(const json::value& map, const std::vector<std::string>& keys) {
  json::object members;
  for (const std::string& key : keys) members[key] = member_of(map, key);
  return members;
}

std::optional<RecordId> reference_of(const json::value& value) {
  const json::string* text = value.if_string();
  if (!text) return std::nullopt;
  return parse_id<RecordId>(*text);
}

// A site reports its own seats, under its own id.
bool says_of_itself(const Change& change, const SiteId& site) {
  for (const FieldChange& field : change.fields)
    if (change.kind->fields[field.field].name == "site")
      return field.new_value == json::value(to_string(site));
  return false;
}

// What a site said once it may say again, when it was put back to before it had.
bool was_said(const Change& change, const Record& holder) {
  return change.kind->authority == Authority::site &&
         std::all_of(change.fields.begin(), change.fields.end(), [&](const FieldChange& field) {
           return holder.values[field.field] == field.new_value;
         });
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

// Conflicts tell sites what the row says and who says it, in one line each: what no program writes
// would hold up every bundle that tells of it (SYNC H11).
Result<void> check_told(const Change& change) {
  constexpr std::size_t author_bytes_max = 1024;
  if (to_json_text(json::string(change.actor)).size() > author_bytes_max)
    return fail(Errc::limit_exceeded,
                fmt::format("its author is over {} bytes long", author_bytes_max));
  Record record(*change.kind);
  for (const FieldChange& field : change.fields) record.values[field.field] = field.new_value;
  return store::check_size(record);
}

}  // namespace

Decision RowDecider::decide(std::int64_t epoch, const Change& change, const Hash& row_hash,
                            Version version) {
  branch_ = &branches_.try_emplace(epoch, connection_, site_, epoch).first->second;
  conflicts_ = 0;
  lost_mentions_.clear();
  Decision decision =
      decide_row({change, row_hash, effective_stamp(change.hlc, received_at_), version});
  decision.conflicts = conflicts_;
  resolve_conflict({change, row_hash, {}, version}, decision);
  return decision;
}

Decision RowDecider::decide_row(const Row& row) {
  if (row.change.kind->authority == Authority::central) return rejected("owned_by_central");
  if (const auto told = check_told(row.change); !told) return rejected(told.error().detail);
  switch (row.change.op) {
    case ChangeOp::create:
      return create(row);
    case ChangeOp::set:
      return set(row);
    case ChangeOp::remove:
      return remove(row);
    case ChangeOp::restore:
      return restore(row);
  }
  return rejected("an operation this program does not know");
}

Decision RowDecider::create(const Row& row) {
  const Change& change = row.change;
  if (!is_record_id(change.record)) return rejected("the id is no UUID of version 7");
  if (change.kind->name == "usage_fact" && !says_of_itself(change, site_.id))
    return rejected("a fact of another machine");
  if (const auto tombstone = store::find_tombstone(connection_, change.record))
    return after_delete(row, *tombstone);
  if (const auto holder = store::find_record(connection_, *change.kind, change.record))
    return was_said(change, *holder) ? Decision{} : id_taken(row, *holder);
  Record record(*change.kind);
  record.id = change.record;
  record.created_at = row.effective.ms();  // never by a clock that is far ahead
  for (const FieldChange& field : change.fields) {
    if (change.kind->fields[field.field].merge == MergeClass::central)
      return rejected(fmt::format("owned_by_central: {}", change.kind->fields[field.field].name));
    record.values[field.field] = field.new_value;
  }
  return insert(row, std::move(record));
}

// A record that lives from this row on; it has its id, its values and the time it was made.
Decision RowDecider::insert(const Row& row, Record record) {
  const Change& change = row.change;
  record.updated_at = received_at_;
  ++record.revision;
  record.version = row.version.n;
  record.stamps = store::Stamps(FieldStamp{row.version, site_.number, row.effective});
  if (const auto whole = check_whole(record); !whole) return rejected(whole.error().detail);
  if (auto decided = check_references(row, record, nullptr)) return *decided;
  if (change.kind->scope == ScopePath::itself) {
    // A customer that a site makes is in that site's scope from then on.
    if (!site_.sees_all) store::add_to_scope(connection_, site_, record.id, row.version.n);
  } else if (!scope_allows(row, record.scope)) {
    // It never was here, and can be brought back as if it had been.
    if (change.op == ChangeOp::create)
      store::write_tombstone(connection_, store::tombstone_of(record, row.version), received_at_);
    return {Disposition::conflict, "out_of_scope", 0};
  }
  store::insert_record(connection_, record);
  note_duplicate_keys(row, Record(*change.kind), record);
  Decision decision = note_lost_mentions(row, record);
  decision.subject = store::subject_of(connection_, record);
  return decision;
}

// The site saw the deletion and brings the record back, whole; what is central's is as it was. One
// that lives again already is changed as by any edit.
Decision RowDecider::restore(const Row& row) {
  const Kind& kind = *row.change.kind;
  const auto is_central = [&](const FieldChange& field) {
    return kind.fields[field.field].merge == MergeClass::central;
  };
  const auto tombstone = store::find_tombstone(connection_, row.change.record);
  if (!tombstone) {
    Change edit = row.change;
    edit.op = ChangeOp::set;
    std::erase_if(edit.fields, is_central);
    return set({edit, row.hash, row.effective, row.version});
  }
  const auto gone = store::record_of(*tombstone);
  if (!gone || row.change.base != tombstone->version) return after_delete(row, *tombstone);
  Record record(kind);
  record.id = row.change.record;
  record.created_at = gone->created_at;
  record.revision = gone->revision;
  for (std::size_t i = 0; i < kind.fields.size(); ++i)
    if (kind.fields[i].merge == MergeClass::central) record.values[i] = gone->values[i];
  for (const FieldChange& field : row.change.fields)
    if (!is_central(field)) record.values[field.field] = field.new_value;
  Decision decision = insert(row, std::move(record));
  if (decision.disposition == Disposition::applied ||
      decision.disposition == Disposition::superseded) {
    store::erase_tombstone(connection_, row.change.record);
    store::derive_whole(connection_, *store::find_record(connection_, kind, row.change.record));
  }
  return decision;
}

// Two machines made a record with one id: central's stays, the other's values are kept.
Decision RowDecider::id_taken(const Row& row, const Record& holder) {
  Record proposed(*row.change.kind);
  proposed.id = row.change.record;
  for (const FieldChange& field : row.change.fields) proposed.values[field.field] = field.new_value;
  const auto scope = store::scope_of(connection_, proposed).value_or(holder.scope);
  const std::string id = to_string(holder.id);
  json::object winner = describe_current(json::value(id), holder.stamps.every());
  winner["record"] = id;
  json::object loser = describe_record(row);
  loser["record"] = id;
  write_conflict(row, ConflictType::duplicate_key, customer_seen(scope), "id", std::move(winner),
                 std::move(loser));
  return {Disposition::conflict, "the id is taken", 0};
}

Decision RowDecider::set(const Row& row) {
  if (const auto tombstone = store::find_tombstone(connection_, row.change.record))
    return edit_of_gone(row, *tombstone);
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
        {field.new_value, field.old_value, field.base, site_.id, row.effective,
         follows_own(stamp, field.base)});
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
  if (auto decided = check_references(row, record, &before)) return *decided;
  if (record.scope != before.scope && !scope_allows(row, record.scope))
    return {Disposition::conflict, "out_of_scope", 0};
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
  store::settle_duplicates(connection_, record.id, row.version, received_at_);
  Decision decision = note_lost_mentions(row, record);
  if (!lost.empty())
    decision = {Disposition::superseded, "a concurrent value stands for " + lost, 0};
  decision.subject = store::subject_of(connection_, record);
  return decision;
}

Decision RowDecider::remove(const Row& row) {
  if (row.change.kind->authority == Authority::site)
    return rejected("what a site has said stays said");
  if (const auto tombstone = store::find_tombstone(connection_, row.change.record)) {
    withdraw_proposals(row, *tombstone);
    return {};  // both deleted it
  }
  const auto before = store::find_record(connection_, *row.change.kind, row.change.record);
  if (!before) return absent(row);
  if (!scope_allows(row, before->scope)) return {Disposition::conflict, "out_of_scope", 0};
  if (const auto referrer = store::find_referrer(connection_, *row.change.kind, before->id))
    return in_use(row, *before, *referrer);
  for (std::size_t i = 0; i < before->values.size(); ++i) {
    const std::string_view name = row.change.kind->fields[i].name;
    const FieldStamp& stamp = before->stamps.of(name);
    const bool seen = row.change.base && stamp.version <= *row.change.base;
    if (seen || (stamp.site == site_.number && follows_own(stamp, row.change.base))) continue;
    json::object winner = describe_proposal(row, nullptr);
    winner["version"] = to_json(row.version);
    write_conflict(row, ConflictType::delete_vs_edit, customer_seen(before->scope), name,
                   std::move(winner), describe_current(before->values[i], stamp));
  }
  store::delete_record(connection_, *before, row.version.n);
  store::write_tombstone(connection_, store::tombstone_of(*before, row.version), received_at_);
  store::settle_duplicates(connection_, before->id, row.version, received_at_);
  return {};
}

// What the site could not know refers to the record by now: it stays until a person decides.
Decision RowDecider::in_use(const Row& row, const Record& record, const std::string& referrer) {
  json::object winner{{"referrer", referrer}, {"version", to_json(newest_version(record))}};
  write_conflict(row, ConflictType::in_use, customer_seen(record.scope), {}, std::move(winner),
                 describe_proposal(row, nullptr));
  return rejected("in_use: another record refers to it");  // which, the conflict says who may know
}

// A row about a record central does not have: its creation waits, or was refused. Of one that only
// a newer program can read nothing but its line says what it is about.
Decision RowDecider::absent(const Row& row) {
  const std::string id = fmt::format(R"("id":"{}")", to_string(row.change.record));
  auto waiting = connection_.query(
      "SELECT 1 FROM held WHERE record=?1 OR (record=zeroblob(16) AND instr(line,?2)>0) LIMIT 1",
      row.change.record, id);
  if (waiting.next()) return {Disposition::held, "the row that makes the record waits", 0};
  return rejected("central has no such record");
}

// What the row sets must not name a record that is not here, and `record` gets its place in the
// scopes. A mere mention of what was deleted does not stand; any other reference decides the row.
std::optional<Decision> RowDecider::check_references(const Row& row, Record& record,
                                                     const Record* before) {
  const Kind& kind = *record.kind;
  for (const FieldChange& change : row.change.fields) {
    const Field& field = kind.fields[change.field];
    if (field.type != FieldType::reference || field.name == kind.scope_field) continue;
    json::value& value = record.values[change.field];
    const auto id = reference_of(value);
    if (!id || store::find_referenced(connection_, field, *id)) continue;
    if (!is_mention(kind, field) || !store::find_tombstone(connection_, *id))
      return lacking(row, before, field, value);
    value = before ? before->values[change.field] : json::value();
    lost_mentions_.push_back(&change);
  }
  const auto scope = store::scope_of(connection_, record);
  if (!scope) {
    const auto field = static_cast<std::size_t>(kind.find_field(kind.scope_field));
    return lacking(row, before, kind.fields[field], record.values[field]);
  }
  record.scope = *scope;
  return std::nullopt;
}

// A record that names one which is not here waits for it, unless that one was deleted and never
// comes. Then what was written is kept as every edit of what is gone, and a new record is gone with
// the one it names: so is what follows it.
Decision RowDecider::lacking(const Row& row, const Record* before, const Field& field,
                             const json::value& named) {
  const auto id = reference_of(named);
  auto tombstone = id ? store::find_tombstone(connection_, *id) : std::nullopt;
  if (!tombstone)  // with the id, under which people can make it where it is lost
    return {Disposition::held,
            id ? fmt::format("{} names {}, which is not here", field.name, to_string(*id))
               : fmt::format("{} names no record", field.name),
            0};
  if (before) {
    tombstone->scope = before->scope;
  } else {
    const Record never_was = proposed_by(row, *tombstone);
    tombstone->scope = never_was.scope;
    store::write_tombstone(connection_, store::tombstone_of(never_was, row.version), received_at_);
  }
  return after_delete(row, *tombstone, before);
}

// The record that a row would have made; it belongs to what it follows, if that is here, else to
// what it names.
Record RowDecider::proposed_by(const Row& row, const Tombstone& named) {
  Record record(*row.change.kind);
  record.id = row.change.record;
  record.created_at = row.effective.ms();
  for (const FieldChange& field : row.change.fields) record.values[field.field] = field.new_value;
  record.scope = store::scope_of(connection_, record).value_or(named.scope);
  return record;
}

// What the site itself wrote it had seen, unless another branch of it did.
bool RowDecider::follows_own(const FieldStamp& stamp, const std::optional<Version>& base) {
  return stamp.site != site_.number || base == stamp.version || branch_->holds(stamp.version);
}

SiteId RowDecider::author_of(const FieldStamp& stamp) {
  if (stamp.site == 0) return SiteId{};
  if (stamp.site == site_.number) return site_.id;
  const auto site = store::find_site_by_number(connection_, stamp.site);
  return site ? site->id : SiteId{};
}

}  // namespace skerry::sync
