#include "sync/due.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/check.hpp"
#include "core/json_member.hpp"
#include "store/scope_moves.hpp"
#include "store/tombstone.hpp"
#include "sync/state_line.hpp"

namespace skerry::sync {
namespace {

using store::Connection;

// The tables with versions, each with the statement that walks along its index (version, id).
const std::vector<std::pair<std::string_view, std::string>>& version_walks() {
  static const auto walks = [] {
    std::vector<std::pair<std::string_view, std::string>> built;
    const auto add = [&](std::string_view table, std::string_view id) {
      built.emplace_back(table, fmt::format("SELECT version,{1} FROM {0} WHERE version>0 AND "
                                            "(version,{1})>(?1,?2) ORDER BY version,{1} LIMIT ?3",
                                            table, id));
    };
    for (const Kind& kind : all_kinds())
      if (kind.scope != ScopePath::nowhere) add(kind.name, "id");
    add("tombstone", "record");
    add("conflict", "id");
    add("scope_move", "record");
    return built;
  }();
  return walks;
}

// Changes of the site's own scope, unless it gets everything anyway. What happens to the scope
// behind `upto` is for the next packing: this one goes by the scope as it was.
void add_scope_changes(Connection& connection, const DueFor& due_for, const Due& after,
                       std::vector<Due>& batch) {
  if (due_for.snapshot) return;
  auto cursor = connection.query(
      "SELECT version,customer FROM site_scope WHERE site=?1 AND (version,customer)>(?2,?3) AND "
      "version<=?4 ORDER BY version,customer LIMIT ?5",
      due_for.site.number, after.version, after.id, due_for.upto, due_batch_rows);
  while (cursor.next()) batch.push_back({cursor.integer(0), cursor.id<RecordId>(1), "site_scope"});
}

// A deletion, told to those who may hold the record. What a snapshot does not name is gone anyway.
std::optional<std::string> line_of_tombstone(Connection& connection, const DueFor& due_for,
                                             const Due& due) {
  const auto tombstone = store::find_tombstone(connection, due.id);
  if (!tombstone || due_for.snapshot || !due_for.scope.may_hold(*tombstone->kind, tombstone->scope))
    return std::nullopt;
  return encode_record_gone({tombstone->kind, tombstone->record, tombstone->version, true});
}

// Told to those who may hold the record from where it was and do not see it where it is.
std::optional<std::string> line_of_move(Connection& connection, const DueFor& due_for,
                                        const Due& due) {
  if (due_for.snapshot || due_for.scope.sees_all()) return std::nullopt;
  const auto left = store::customers_left(connection, due.id, due.version);
  const bool held = std::any_of(left.begin(), left.end(),
                                [&](const auto& id) { return due_for.scope.may_hold(id); });
  if (!held) return std::nullopt;
  auto cursor = connection.query("SELECT kind FROM scope_move WHERE record=?1 LIMIT 1", due.id);
  const Kind* kind = cursor.next() ? find_kind(cursor.text(0)) : nullptr;
  SKERRY_CHECK(kind != nullptr);
  const auto record = store::find_record(connection, *kind, due.id);
  if (record && due_for.scope.sees(*kind, record->scope)) return std::nullopt;
  return encode_record_gone({kind, due.id, {due_for.life, due.version}, false});
}

std::optional<std::string> line_of_result(Connection& connection, const DueFor& due_for,
                                          const Due& due) {
  const auto epoch = std::find_if(due_for.epochs.begin(), due_for.epochs.end(),
                                  [&](const auto& each) { return each.number == due.epoch; });
  SKERRY_CHECK(epoch != due_for.epochs.end());
  auto cursor = connection.query("SELECT disposition,detail FROM ingest WHERE epoch=?1 AND seq=?2",
                                 due.epoch, due.seq);
  if (!cursor.next()) return std::nullopt;
  const auto disposition = parse_disposition(cursor.text(0));
  SKERRY_CHECK(disposition.has_value());
  return encode_row_result({epoch->epoch, {due.seq, *disposition, std::string(cursor.text(1))}});
}

bool sees_record(Connection& connection, const DueFor& due_for, const Kind& kind,
                 const RecordId& id) {
  if (due_for.scope.sees_all()) return true;
  if (const auto record = store::find_record(connection, kind, id))
    return due_for.scope.sees(kind, record->scope);
  const auto tombstone = store::find_tombstone(connection, id);
  return tombstone && due_for.scope.sees(kind, tombstone->scope);
}

// "location 0199c0de-…", as store::find_referrer() says it.
bool sees_referrer(Connection& connection, const DueFor& due_for, std::string_view name) {
  const Kind* kind = find_kind(name.substr(0, name.find(' ')));
  const auto id = parse_id<RecordId>(name.substr(name.find(' ') + 1));
  return kind && id && sees_record(connection, due_for, *kind, *id);
}

// Another record with the same key, or what stands against a deletion, may be of a customer that
// the site does not see: that there is one it has to learn, not which, nor who wrote it and when
// (I12).
std::string line_of(Connection& connection, const DueFor& due_for, store::Conflict conflict) {
  const auto other = conflict.other();
  if (other && !sees_record(connection, due_for, *conflict.kind, *other))
    conflict.winner = {{"value", member_of(conflict.winner, "value")}};
  if (conflict.type == store::ConflictType::in_use &&
      !sees_referrer(connection, due_for, text_of(conflict.winner, "referrer")))
    conflict.winner["referrer"] = "another record";
  return encode_conflict(conflict);
}

std::optional<std::string> line_of_conflict(Connection& connection, const DueFor& due_for,
                                            const Due& due) {
  auto conflict = store::find_conflict(connection, due.id);
  if (!conflict || !due_for.scope.sees(conflict->scope_customer)) return std::nullopt;
  return line_of(connection, due_for, std::move(*conflict));
}

std::optional<std::string> line_of_record(Connection& connection, const DueFor& due_for,
                                          const Due& due) {
  const auto record = store::find_record(connection, *find_kind(due.table), due.id);
  if (!record || !due_for.scope.sees(*record->kind, record->scope)) return std::nullopt;
  // Where it came from, or before its customer came into sight, the site may have seen nothing of
  // it.
  const bool whole = due_for.scope.came_into_sight(record->scope) ||
                     store::moved_since(connection, due.id, due_for.fields_from);
  return encode_record_state(*record, whole ? 0 : due_for.fields_from);
}

// Lines of one customer, until one has no room or fails.
class CustomerLines {
 public:
  CustomerLines(Connection& connection, const DueFor& due_for, const Due& due, const AddLine& add)
      : connection_(connection), due_for_(due_for), due_(due), add_(add) {}

  // Everything that is seen because the customer is, whole.
  Result<bool> entered() {
    store::visit_records_of(connection_, due_.id, [&](const store::Record& record) {
      // What changed meanwhile comes by its own version, whole as well.
      const bool comes = record.version > due_for_.base && record.version <= due_for_.upto;
      return comes || add(encode_record_state(record, 0));
    });
    add_conflicts();
    return outcome_;
  }

  // Everything that is not seen any more; the customer's own line takes its conflicts along.
  Result<bool> left() {
    const Version version{due_for_.life, due_.version};
    add(encode_record_gone({find_kind("customer"), due_.id, version, false}));
    store::visit_records_of(connection_, due_.id, [&](const store::Record& record) {
      if (record.id == due_.id || due_for_.scope.sees(*record.kind, record.scope)) return true;
      return add(encode_record_gone({record.kind, record.id, version, false}));
    });
    return outcome_;
  }

 private:
  bool add(const std::string& line) {
    if (goes_on()) outcome_ = add_(line);
    return goes_on();
  }
  bool goes_on() const { return outcome_ && *outcome_; }

  void add_conflicts() {
    RecordId after;
    for (std::int64_t rows = due_batch_rows; rows == due_batch_rows && goes_on();) {
      const auto batch = store::conflicts_of(connection_, due_.id, after, due_batch_rows);
      for (const store::Conflict& conflict : batch)
        if (!add(line_of(connection_, due_for_, conflict))) return;
      rows = std::ssize(batch);
      if (rows > 0) after = batch.back().id;
    }
  }

  Connection& connection_;
  const DueFor& due_for_;
  const Due& due_;
  const AddLine& add_;
  Result<bool> outcome_ = true;
};

std::optional<std::string> line_of(Connection& connection, const DueFor& due_for, const Due& due) {
  if (due.table == "tombstone") return line_of_tombstone(connection, due_for, due);
  if (due.table == "scope_move") return line_of_move(connection, due_for, due);
  if (due.table == "ingest") return line_of_result(connection, due_for, due);
  if (due.table == "conflict") return line_of_conflict(connection, due_for, due);
  return line_of_record(connection, due_for, due);
}

}  // namespace

std::vector<Due> next_due(Connection& connection, const DueFor& due_for, const Due& after) {
  std::vector<Due> batch;
  for (const auto& [table, sql] : version_walks()) {
    auto cursor = connection.query(sql, after.version, after.id, due_batch_rows);
    while (cursor.next()) batch.push_back({cursor.integer(0), cursor.id<RecordId>(1), table});
  }
  add_scope_changes(connection, due_for, after, batch);
  for (const store::SiteEpoch& epoch : due_for.epochs) {
    auto results = connection.query(
        "SELECT told_n,seq FROM ingest WHERE epoch=?1 AND told_n IS NOT NULL AND told_n>?2 "
        "ORDER BY told_n LIMIT ?3",
        epoch.number, after.version, due_batch_rows);
    while (results.next())
      batch.push_back({results.integer(0), RecordId{}, "ingest", epoch.number, results.integer(1)});
  }
  std::sort(batch.begin(), batch.end(),
            [](const Due& a, const Due& b) { return place_of(a) < place_of(b); });
  auto size = static_cast<std::size_t>(due_batch_rows);
  while (size < batch.size() && place_of(batch[size]) == place_of(batch[size - 1])) ++size;
  if (size < batch.size()) batch.resize(size);
  return batch;
}

Result<bool> add_lines(Connection& connection, const DueFor& due_for, const Due& due,
                       const AddLine& add) {
  if (due.table == "site_scope") {
    CustomerLines lines(connection, due_for, due, add);
    return due_for.scope.sees(due.id) ? lines.entered() : lines.left();
  }
  const auto line = line_of(connection, due_for, due);
  return line ? add(*line) : Result<bool>(true);
}

}  // namespace skerry::sync
