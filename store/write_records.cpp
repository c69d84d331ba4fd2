#include "store/write_records.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <tuple>

#include "core/check.hpp"
#include "store/allocations.hpp"
#include "store/duplicate_keys.hpp"
#include "store/log_subject.hpp"
#include "store/record_size.hpp"
#include "store/record_sql.hpp"
#include "store/refusal.hpp"
#include "store/scope_moves.hpp"
#include "store/shadow.hpp"
#include "store/site_scope.hpp"
#include "store/terms.hpp"
#include "store/tombstone.hpp"

namespace skerry::store {
namespace {

FieldError complaint(const Field& field, std::string code, std::string detail) {
  return {fmt::format("/{}", field.name), std::move(code), std::move(detail)};
}

std::optional<RecordId> reference_of(const json::value& value) {
  const json::string* text = value.if_string();
  if (!text) return std::nullopt;
  return parse_id<RecordId>(*text);
}

// Assets are of devices: a product that has some stays one.
Result<void> check_product(Connection& connection, const Record& record, const Record* before) {
  if (!before || record.kind->name != "product" || before->value("type") != json::value("device") ||
      record.value("type") == json::value("device"))
    return {};
  if (!connection.query("SELECT 1 FROM asset WHERE product=?1 LIMIT 1", record.id).next())
    return {};
  return fail(Error(Errc::in_use, {}, "make another product for what is no device",
                    {{"/type", "in_use", "stays device: assets are of this product"}}));
}

// An id is one record's, of whatever kind: a note names its subject by it alone.
bool is_taken(Connection& connection, const RecordId& id) {
  const auto kinds = all_kinds();
  return find_tombstone(connection, id) ||
         std::any_of(kinds.begin(), kinds.end(),
                     [&](const Kind& kind) { return record_exists(connection, kind, id); });
}

// A site may see an asset and not where it stands: that a move begins there it has from the asset.
bool is_where_it_stands(Connection& connection, const Record& record, const Field& field,
                        const RecordId& location) {
  if (record.kind->name != "move" || field.name != "from_location") return false;
  const auto asset = reference_of(record.value("asset"));
  return asset &&
         connection.query("SELECT 1 FROM asset WHERE id=?1 AND location=?2", *asset, location)
             .next();
}

// What the author does not see is not there for him; what he sees may be another's to write.
Result<void> check_own(const Author& author, const Record& before) {
  if (!is_seen(author.customers, *before.kind, before.scope))
    return fail(no_such(*before.kind, before.id));
  Result<void> own = check_within(author, *before.kind, before.scope);
  if (!own) own.error().detail += fmt::format(": {}", to_string(before.id));
  return own;
}

// Who sees the changed record. What it follows may be out of a site's sight; unless the change
// names another, it is as it was.
Result<Scope> scope_after(Connection& connection, const Record& before, const Record& record) {
  auto scope = scope_of(connection, record);
  if (scope || record.value(record.kind->scope_field) != before.value(record.kind->scope_field))
    return scope;
  return before.scope;
}

}  // namespace

Result<Scope> scope_of(Connection& connection, const Record& record) {
  const Kind& kind = *record.kind;
  if (kind.scope == ScopePath::itself) return Scope{record.id, {}};
  if (kind.scope == ScopePath::everywhere || kind.scope == ScopePath::nowhere) return Scope{};
  const int position = kind.find_field(kind.scope_field);
  SKERRY_CHECK(position >= 0);
  const auto index = static_cast<std::size_t>(position);
  const Field& field = kind.fields[index];
  const RecordId place = kind.scope == ScopePath::placed ? record.scope.place : RecordId{};
  const auto id = reference_of(record.values[index]);
  if (!id && !field.required) return Scope{{}, place};
  const Kind* parent = id ? find_referenced(connection, field, *id) : nullptr;
  if (!parent) {
    return fail(Error(Errc::reference_not_found, fmt::format("{} names no record", field.name), {},
                      {complaint(field, "reference_not_found", "names no record")}));
  }
  if (parent->scope == ScopePath::itself) return Scope{*id, place};
  Cursor cursor = connection.query(sql_of(*parent).scope, *id);
  SKERRY_CHECK(cursor.next());
  return Scope{cursor.id<RecordId>(0), cursor.is_null(1) ? RecordId{} : cursor.id<RecordId>(1)};
}

Result<Record> RecordWriter::current(const Kind& kind, const RecordId& id,
                                     std::optional<std::int64_t> revision, const Author& author) {
  auto record = find_record(connection_, kind, id);
  if (!record) return fail(no_such(kind, id));
  SKERRY_TRY_VOID(check_own(author, *record));
  SKERRY_TRY_VOID(check_revision(*record, revision));
  return std::move(*record);
}

void RecordWriter::check_custom(const Record& record, const Record* before,
                                std::vector<FieldError>& errors) {
  const Kind& kind = *record.kind;
  const int position = sql_of(kind).custom;
  if (position < 0) return;
  const auto index = static_cast<std::size_t>(position);
  if (before && before->values[index] == record.values[index]) return;
  if (custom_kind_ != &kind) {
    custom_fields_ = custom_fields_of(connection_, kind);
    custom_kind_ = &kind;
  }
  check_custom_values(custom_fields_, record, before ? before->values[index] : json::value(),
                      before == nullptr, errors);
}

Result<void> RecordWriter::check_authority(const Kind& kind) const {
  SKERRY_TRY_VOID(log_.check_writable());
  if (kind.authority != Authority::central || role_ == Role::central) return {};
  return fail(Errc::owned_by_central, fmt::format("{} are central's to write", kind.plural),
              "ask the vendor's central");
}

Result<void> RecordWriter::check_reference(const Record& record, const Field& field,
                                           const RecordId& id, const Author& author) {
  const auto refuse = [&](Errc code, std::string detail) {
    FieldError error = complaint(field, std::string(info(code).slug), detail);
    return fail(Error(code, std::move(detail), {}, {std::move(error)}));
  };
  const Kind* kind = find_referenced(connection_, field, id);
  // Where an asset of theirs comes from may be somebody else's place.
  if (kind && field.name != "from_location" && !sees(connection_, author, *kind, id))
    kind = nullptr;
  if (!kind && is_where_it_stands(connection_, record, field, id)) return {};
  if (!kind)
    return refuse(Errc::reference_not_found, fmt::format("{} names no record", to_string(id)));
  if (kind->name != "product" || record.kind->name != "asset") return {};
  Cursor cursor = connection_.query("SELECT type,sku FROM product WHERE id=?1", id);
  SKERRY_CHECK(cursor.next());
  if (cursor.text(0) == "device") return {};
  return refuse(Errc::validation_failed,
                fmt::format("{} is no device: only devices have assets", cursor.text(1)));
}

// What enters must be there, and one change must fit into a row of the log.
Result<void> RecordWriter::check_scope(const Record& record, const Field& field,
                                       const json::value& before, const Author& author) {
  const json::value& after = record.value(field.name);
  if (!after.is_array()) return {};
  const ScopeChange change =
      scope_change(before.is_array() ? before : json::value(json::array()), after);
  if (change.entered.size() + change.left.size() > scope_changes_max) {
    const std::string detail =
        fmt::format("lets at most {} customers enter or leave at once", scope_changes_max);
    return fail(Error(Errc::validation_failed, detail, "change it in several steps, or use \"all\"",
                      {complaint(field, "too_many", detail)}));
  }
  for (const RecordId& customer : change.entered)
    SKERRY_TRY_VOID(check_reference(record, field, customer, author));
  return {};
}

// The rules that one field's value cannot be held to alone; `record` already holds the new values,
// `before` is null for a new one. With complaints about other fields the kind's own rule is left
// out: it would speak of what is missing for that reason. The values between which a conflict is
// decided were right where they were written: no rule holds one to the other.
Result<void> RecordWriter::check_values(const Record& record, const Record* before,
                                        const FieldValues& values, const Author& author,
                                        std::vector<FieldError> complaints, bool deciding) {
  const Kind& kind = *record.kind;
  Refusal refusal(kind, std::move(complaints));
  std::vector<FieldError> errors;
  if (kind.rule && refusal.empty()) {
    std::vector<json::value> decided;
    ValuesView was = before ? ValuesView(before->values) : ValuesView();
    if (deciding && before) {
      decided = before->values;
      for (const FieldValue& value : values)
        if (!value.value.is_null()) decided[value.field] = value.value;
      was = decided;
    }
    kind.rule(kind, was, record.values, errors);
  }
  check_custom(record, before, errors);
  for (FieldError& each : errors) refusal.take(std::move(each));
  refusal.take(check_product(connection_, record, before));
  if (refusal.empty()) check_terms(connection_, record, before, log_.wall_ms(), refusal);
  for (const FieldValue& value : values) {
    const Field& field = record.kind->fields[value.field];
    if (field.merge == MergeClass::central && role_ == Role::site) {
      const std::string detail = "is central's to write";
      refusal.take(fail(Error(Errc::owned_by_central, detail, "ask the vendor's central",
                              {complaint(field, "owned_by_central", detail)})));
    }
    if (const auto id = reference_of(value.value); field.type == FieldType::reference && id)
      refusal.take(check_reference(record, field, *id, author));
    if (field.type == FieldType::scope)
      refusal.take(
          check_scope(record, field, before ? before->values[value.field] : json::value(), author));
    if (field.type == FieldType::custom && !shares_key_)
      refusal.take(check_custom_unique(record, before ? before->values[value.field] : json::value(),
                                       author));
  }
  std::vector<std::size_t> written;
  for (const FieldValue& value : values) written.push_back(value.field);
  if (!shares_key_)
    for (const std::size_t position : changed_keys(kind, written))
      refusal.take(check_unique(record, kind.fields[position], position, author));
  return refusal.result();
}

Change RecordWriter::new_change(const Record& record, ChangeOp op, const Author& author) {
  if (record.kind->name == "custom_field") custom_kind_ = nullptr;  // they are read again
  Change change;
  change.kind = record.kind;
  change.record = record.id;
  change.op = op;
  recorded_at_ = log_.wall_ms();
  change.hlc = log_.tick(recorded_at_);
  if (std::llabs(recorded_at_ - change.hlc.ms()) > 1000) change.wall = recorded_at_;
  change.actor = author.actor;
  change.source = author.source;
  change.request = author.request;
  change.reason = author.reason;
  change.actor_name = author.actor_name;
  change.continues = continues_;
  return change;
}

void RecordWriter::append(const Record& record, const std::string& line) {
  log_.append_own(connection_, record.kind->name, record.id, line, subject_of(connection_, record),
                  recorded_at_);
  continues_ = together_;
}

void RecordWriter::keep_shadow(const Record& record) {
  if (role_ == Role::site && record.stamps.at_central()) store::keep_shadow(connection_, record);
}

// At central a write is a decision at once: its fields get the version of its row. A site's stamps
// keep saying which version of central's the site saw, the base of its next rows.
void RecordWriter::stamp(Record& record, const Change& change, Version version) {
  if (role_ != Role::central) return;
  const FieldStamp stamp{version, 0, change.hlc};
  record.version = version.n;
  if (change.op == ChangeOp::create || change.op == ChangeOp::restore) {
    record.stamps = Stamps(stamp);
    return;
  }
  for (const FieldChange& field : change.fields)
    record.stamps.set(record.kind->fields[field.field].name, stamp);
}

Result<Record> RecordWriter::create(const Kind& kind, std::optional<RecordId> id,
                                    FieldValues values, const Author& author,
                                    std::vector<FieldError> complaints) {
  SKERRY_TRY_VOID(check_authority(kind));
  SKERRY_TRY_VOID(check_written(kind));
  if (id && is_taken(connection_, *id))
    complaints.push_back({"/id", "already_exists", "is taken, or was"});
  values = complete_terms(connection_, kind, nullptr, std::move(values), log_.wall_ms());
  auto made = make(kind, id ? *id : new_record_id(log_.wall_ms(), random_), std::move(values),
                   author, std::move(complaints));
  if (!made && made.error().code == Errc::already_exists && made.error().next.empty())
    made.error().next = "leave id out, and the record gets one of its own";
  return made;
}

Result<Record> RecordWriter::make(const Kind& kind, const RecordId& id, FieldValues values,
                                  const Author& author, std::vector<FieldError> complaints) {
  Record record(kind);
  record.created_at = record.updated_at = log_.wall_ms();
  record.revision = 1;
  record.id = id;
  for (const FieldValue& value : values) record.values[value.field] = value.value;
  // The limit goes before what the rules tell of other records.
  const Result<Scope> scope = scope_of(connection_, record);
  if (scope) SKERRY_TRY_VOID(check_within(author, kind, *scope));
  SKERRY_TRY_VOID(check_values(record, nullptr, values, author, std::move(complaints)));
  SKERRY_TRY(record.scope, scope);
  SKERRY_TRY_VOID(check_size(record));
  Change change = new_change(record, ChangeOp::create, author);
  record.created_at = change.hlc.ms();  // what every machine that gets the row will say, too
  record.updated_at = std::max(record.updated_at, record.created_at);
  for (FieldValue& value : values)
    change.fields.push_back({value.field, nullptr, std::move(value.value), std::nullopt});
  SKERRY_TRY(const std::string line, encode_row(change));
  stamp(record, change, log_.next_version());
  insert_record(connection_, record);
  append(record, line);
  return record;
}

Result<Record> RecordWriter::update(const Kind& kind, const RecordId& id, const json::object& patch,
                                    std::optional<std::int64_t> revision, const Author& author,
                                    std::optional<RecordId> resolves) {
  SKERRY_TRY_VOID(check_authority(kind));
  SKERRY_TRY(const Record before, current(kind, id, revision, author));
  std::vector<FieldError> complaints;
  FieldValues values = read_patch(kind, patch, before.values, complaints);
  values = complete_terms(connection_, kind, &before, std::move(values), log_.wall_ms());
  if (values.empty() && complaints.empty() && !resolves) return before;
  if (resolves) confirm(before, patch, values);
  return set(before, values, author, resolves, std::move(complaints));
}

Result<Record> RecordWriter::set(const Record& before, const FieldValues& values,
                                 const Author& author, std::optional<RecordId> resolves,
                                 std::vector<FieldError> complaints) {
  const Kind& kind = *before.kind;
  SKERRY_TRY_VOID(check_own(author, before));
  Record record = before;
  for (const FieldValue& value : values) record.values[value.field] = value.value;
  const Result<Scope> scope = scope_after(connection_, before, record);
  if (scope) SKERRY_TRY_VOID(check_within(author, kind, *scope));
  SKERRY_TRY_VOID(
      check_values(record, &before, values, author, std::move(complaints), resolves.has_value()));
  SKERRY_TRY(record.scope, scope);
  SKERRY_TRY_VOID(check_size(record));
  Change change = new_change(record, ChangeOp::set, author);
  change.resolves = resolves;
  change.reopens = reopens_ && resolves.has_value();
  for (const FieldValue& value : values) {
    const Version base = before.stamps.of(kind.fields[value.field].name).version;
    FieldChange field{value.field, before.values[value.field], value.value,
                      base.at_central() ? std::optional(base) : std::nullopt};
    if (kind.fields[value.field].type == FieldType::scope)
      std::tie(field.old_value, field.new_value) = logged_scope(field.old_value, field.new_value);
    change.fields.push_back(std::move(field));
  }
  SKERRY_TRY(const std::string line, encode_row(change));
  keep_shadow(before);
  record.revision = before.revision + 1;
  record.updated_at = std::max(log_.wall_ms(), before.created_at);
  stamp(record, change, log_.next_version());
  replace_record(connection_, before, record);
  if (role_ == Role::central) {
    follow_scope(connection_, before, record, record.version);
    if (touches_key(kind, values))
      settle_duplicates(connection_, record.id, log_.next_version(), log_.wall_ms());
  }
  append(record, line);
  return record;
}

Result<void> RecordWriter::check_removal(const Record& record) const {
  const Kind& kind = *record.kind;
  SKERRY_TRY_VOID(check_authority(kind));
  if (kind.name == "custom_field" && has_custom_values(connection_, record))
    return fail(Errc::in_use,
                fmt::format("records have values of {}", record.value("key").as_string().c_str()),
                fmt::format("archive it, and what stands in records stays there: POST "
                            "/v1/custom_fields/{}:archive",
                            to_string(record.id)));
  return check_unallocated(connection_, record, log_.wall_ms());
}

Result<void> RecordWriter::remove(const Kind& kind, const RecordId& id,
                                  std::optional<std::int64_t> revision, const Author& author,
                                  std::optional<RecordId> resolves) {
  SKERRY_TRY_VOID(check_authority(kind));
  if (kind.administered) SKERRY_TRY_VOID(check_written(kind));
  SKERRY_TRY(const Record before, current(kind, id, revision, author));
  if (const auto referrer = find_referrer(connection_, kind, id))
    return fail(Errc::in_use,
                fmt::format("{} refers to this {}",
                            author.customers.empty() ? *referrer : "another record", kind.name),
                "delete what refers to it first");
  SKERRY_TRY_VOID(check_removal(before));
  Change change = new_change(before, ChangeOp::remove, author);
  change.resolves = resolves;
  change.reopens = reopens_ && resolves.has_value();
  if (before.stamps.at_central()) change.base = newest_version(before);
  keep_shadow(before);
  const Version version = role_ == Role::central ? log_.next_version() : Version{};
  delete_record(connection_, before, version.n);
  write_tombstone(connection_, tombstone_of(before, version), log_.wall_ms());
  if (role_ == Role::central) settle_duplicates(connection_, id, version, log_.wall_ms());
  append(before, encode(change));
  return {};
}

}  // namespace skerry::store
