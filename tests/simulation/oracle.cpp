#include "tests/simulation/oracle.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/json_text.hpp"
#include "crypto/sha256.hpp"
#include "tests/simulation/machine.hpp"

namespace skerry::sim {
namespace {

std::size_t site_number(std::string_view id) {
  for (std::size_t number = 1; number <= sites_max; ++number)
    if (to_string(site_id(number)) == id) return number;
  throw Violation("oracle", "a row of a site that there is not");
}

struct LogLine {
  std::int64_t n = 0;
  UnixMillis recorded_at = 0;
  std::string text;
  json::object members;
  std::string_view kind() const { return members.at("k").as_string(); }
};

std::vector<LogLine> read_log(store::Connection& connection) {
  std::vector<LogLine> lines;
  auto cursor = connection.query("SELECT n,recorded_at,line FROM change_log ORDER BY n");
  while (cursor.next())
    lines.push_back({cursor.integer(0), cursor.integer(1), std::string(cursor.text(2)),
                     json::parse(cursor.text(2)).as_object()});
  return lines;
}

// What happened to a site's machine changes no record.
bool is_event_of_site(const json::object& members) {
  const json::value* row = members.if_contains("row");
  return row != nullptr && row->as_object().at("k").as_string() == "evt";
}

// No stamp counts later than a minute after it was received.
HlcStamp clamped(HlcStamp stamp, UnixMillis received) {
  return std::min(stamp, HlcStamp::at(received + 60'000));
}

std::size_t scope_field(const Kind& kind) {
  return static_cast<std::size_t>(kind.find_field(kind.scope_field));
}

std::pair<ChangeUid, Hash> named_at(store::Connection& connection, const EpochId& epoch,
                                    std::int64_t seq) {
  auto cursor = connection.query(
      "SELECT coalesce(i.uid,substr(i.hash,1,16)),i.hash FROM ingest i JOIN site_epoch e ON "
      "e.number=i.epoch WHERE e.epoch=?1 AND i.seq=?2",
      epoch, seq);
  if (!cursor.next()) throw Violation("oracle", "a row of the log is in no ledger");
  return {cursor.id<ChangeUid>(0), cursor.hash(1)};
}

// Of a conflict about a record as a whole: named after the row that made it.
RecordId whole_conflict(const char* type, const Hash& row) {
  Bytes named(row.begin(), row.end());
  for (const char each : std::string(type) + "/") named.push_back(static_cast<std::uint8_t>(each));
  const Hash hash = crypto::sha256(named);
  RecordId id;
  std::copy_n(hash.begin(), id.bytes.size(), id.bytes.begin());
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x80);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

}  // namespace

Version Oracle::version_at(std::int64_t n) const {
  const auto life = lives_.upper_bound(n);
  return {life == lives_.begin() ? central_ord : std::prev(life)->second, n};
}

const json::value& Oracle::Entity::value(std::string_view field) const {
  return now(static_cast<std::size_t>(kind->find_field(field))).value;
}

void Oracle::conflict(const char* type, const Row& row, std::string_view field,
                      const RecordId& customer, const std::string& winner,
                      const std::string& loser) {
  ++state_.conflicts[{type, row.change.record, std::string(field), customer, winner, loser}];
}

// A row of a site as the line about it says; of one that is released, as it was met first.
Oracle::Row Oracle::read_row(store::Connection& connection, const json::object& members) const {
  const auto epoch = *parse_id<EpochId>(members.at("ep").as_string());
  const std::int64_t seq = members.at("seq").as_int64();
  const Place place{site_number(members.at("site").as_string()), epoch, seq};
  if (!members.contains("row")) return rows_.at(place);
  Row row;
  row.place = place;
  row.change = must(decode_change(to_json_text(members.at("row"))), "oracle");
  std::tie(row.uid, row.hash) = named_at(connection, epoch, seq);
  return row;
}

void Oracle::replay(store::Connection& connection) {
  std::vector<Row> transaction;  // of one site, not yet decided
  for (const LogLine& line : read_log(connection)) {
    const bool of_site = line.kind() == "dec" || line.kind() == "rel";
    std::optional<Row> row;
    if (of_site && is_event_of_site(line.members)) note_parent(line.members);
    if (of_site && !is_event_of_site(line.members)) {
      row = read_row(connection, line.members);
      decided_at_[line.n] = row->place;
      row->n = line.n;
      row->effective = clamped(row->change.hlc, line.recorded_at);
    }
    const bool goes_on = row && line.kind() == "dec" && row->change.continues &&
                         !transaction.empty() && transaction.back().site() == row->site();
    if (!goes_on) decide_together(std::exchange(transaction, {}));
    if (row && line.kind() == "dec") {
      rows_[row->place] = *row;
      transaction.push_back(std::move(*row));
    } else if (row) {
      decide_together({*row});
    } else if (line.kind() == "cfr") {
      state_.resolved.insert(*parse_id<RecordId>(line.members.at("cf").as_string()));
    } else if (line.kind() == "evt") {
      if (line.members.at("ev").as_string() == "new_life")
        lives_[line.n] = line.members.at("f").as_object().at("ord").as_int64();
    } else if (!of_site) {
      central_wrote(must(decode_change(line.text), "oracle"), line.n);
    }
  }
  decide_together(transaction);
}

// A row that was issued again counts once; one that waited is decided where it is now.
std::optional<std::string> Oracle::decided_before(const Row& row) {
  const auto counted = counted_.find({row.site(), row.uid});
  if (counted == counted_.end()) return std::nullopt;
  if (counted->second.disposition != "held") return counted->second.disposition;
  held_.erase(counted->second.place);
  return std::nullopt;
}

// If one row of a transaction is rejected or held, so are all, and nothing of them happened.
void Oracle::decide_together(const std::vector<Row>& rows) {
  if (rows.empty()) return;
  for (const Row& row : rows) held_.erase(row.place);
  const std::optional<State> before = rows.size() > 1 ? std::optional(state_) : std::nullopt;
  std::map<Place, std::string> decided;
  for (const Row& row : rows) {
    const auto known = decided_before(row);
    const std::string disposition = known ? *known : decide(row);
    decided[row.place] = disposition;
    if (!before || (disposition != "rejected" && disposition != "held")) continue;
    state_ = *before;
    if (row.change.op == ChangeOp::remove) decide(row);  // the conflict over it stays
    for (const Row& each : rows) decided[each.place] = disposition;
    break;
  }
  for (const Row& row : rows) {
    const std::string& disposition = dispositions_[row.place] = decided.at(row.place);
    if (disposition == "held") held_.insert(row.place);
    Counted& counted = counted_[{row.site(), row.uid}];
    if (counted.disposition.empty() || counted.disposition == "held")
      counted = {disposition, row.place};
  }
}

void Oracle::begin_entity(const Change& change, std::int64_t n, std::size_t author,
                          HlcStamp effective) {
  Entity entity;
  entity.kind = change.kind;
  entity.alive = true;
  entity.fields.resize(change.kind->fields.size());
  for (auto& history : entity.fields) history.push_back({n, nullptr, author, effective});
  for (const FieldChange& field : change.fields)
    entity.fields[field.field].back().value = field.new_value;
  state_.entities[change.record] = std::move(entity);
}

// Of a set the log names what left it and what entered.
void Oracle::site_changed(const Change& change) {
  const std::size_t site = site_number(to_string(change.record));
  for (const FieldChange& field : change.fields) {
    if (change.kind->fields[field.field].name != "scope") continue;
    if (!field.new_value.is_array()) {
      state_.scopes.erase(site);
      continue;
    }
    std::set<RecordId>& scope = state_.scopes[site];
    if (field.old_value.is_array())
      for (const json::value& each : field.old_value.get_array()) scope.erase(*reference(each));
    for (const json::value& each : field.new_value.get_array()) scope.insert(*reference(each));
  }
}

// A site's epoch that goes on behind a row of another says so.
void Oracle::note_parent(const json::object& members) {
  const json::object& event = members.at("row").as_object();
  if (event.at("ev").as_string() != "new_epoch") return;
  const json::object& facts = event.at("f").as_object();
  parents_[*parse_id<EpochId>(members.at("ep").as_string())] = {
      *parse_id<EpochId>(facts.at("parent").as_string()), facts.at("behind").as_int64()};
}

void Oracle::central_wrote(const Change& change, std::int64_t n) {
  if (change.kind->name == "site") return site_changed(change);
  if (change.kind->name == "site") return site_changed(change);
  if (change.op == ChangeOp::create) return begin_entity(change, n, 0, change.hlc);
  Entity& entity = state_.entities.at(change.record);
  if (change.op == ChangeOp::remove) {
    entity.last_audience = audience_of(change.record, entity).value_or(Audience{});
    entity.alive = false;
    entity.gone_n = n;
  }
  if (change.op == ChangeOp::restore) {
    entity.alive = true;
    for (auto& history : entity.fields) history.push_back({n, nullptr, 0, change.hlc});
  }
  for (const FieldChange& field : change.fields)
    entity.fields[field.field].push_back({n, field.new_value, 0, change.hlc});
  if (change.resolves) state_.resolved.insert(*change.resolves);
}

std::string Oracle::decide(const Row& row) {
  if (row.change.kind->authority == Authority::central) return "rejected";
  switch (row.change.op) {
    case ChangeOp::create:
      return created(row);
    case ChangeOp::set:
      return changed(row);
    case ChangeOp::remove:
      return removed(row);
    case ChangeOp::restore:
      return restored(row);
  }
  return "rejected";
}

std::string Oracle::out_of_scope(const Row& row, const Audience& audience) {
  proposal("out_of_scope", row, audience.customer, "");
  return "conflict";
}

// What did not stand: a record that was made or brought back whole, an edit by field.
void Oracle::proposal(const char* type, const Row& row, const RecordId& customer,
                      const std::string& winner) {
  const Change& change = row.change;
  if (change.op == ChangeOp::remove) return conflict(type, row, "", customer, winner, deleted);
  json::object whole;
  for (const FieldChange& field : change.fields) {
    const std::string_view name = change.kind->fields[field.field].name;
    if (change.op == ChangeOp::set)
      conflict(type, row, name, customer, winner, to_json_text(field.new_value));
    whole[name] = field.new_value;
  }
  if (change.op == ChangeOp::set) return;
  const std::string loser = to_json_text(json::value(whole));
  conflict(type, row, "", customer, winner, loser);
  state_.entities.at(change.record)
      .in_vain.push_back({whole_conflict(type, row.hash),
                          {type, change.record, "", customer, winner, loser},
                          std::move(whole),
                          row.n,
                          row.site()});
}

// A record that never came to be is gone from its first row on.
void Oracle::stillborn(const Row& row, const Audience& audience) {
  begin_entity(row.change, row.n, row.site(), row.effective);
  Entity& entity = state_.entities.at(row.change.record);
  entity.alive = false;
  entity.gone_n = row.n;
  entity.last_audience = audience;
}

std::string Oracle::created(const Row& row) {
  const Change& change = row.change;
  if (state_.entities.contains(change.record)) return "rejected";
  std::vector<json::value> values(change.kind->fields.size());
  std::set<std::size_t> written;
  for (const FieldChange& field : change.fields) {
    if (change.kind->fields[field.field].merge == MergeClass::central) return "rejected";
    values[field.field] = field.new_value;
    written.insert(field.field);
  }
  std::set<std::size_t> lost;
  if (const auto named = lacking(row, values, nullptr, lost)) return unplaced(row, *named, nullptr);
  const auto audience = audience_of(*change.kind, change.record, values);
  if (!audience) return unplaced(row, values[scope_field(*change.kind)], nullptr);
  if (change.kind->name == "customer") {
    if (state_.scopes.contains(row.site())) state_.scopes[row.site()].insert(change.record);
  } else if (!sees(row.site(), *change.kind, *audience)) {
    stillborn(row, *audience);
    return out_of_scope(row, *audience);
  }
  begin_entity(change, row.n, row.site(), row.effective);
  for (const std::size_t field : lost)
    state_.entities.at(change.record).fields[field].back().value = nullptr;
  find_duplicates(row, written, nullptr);
  lost_mentions(row, lost);
  return lost.empty() ? "applied" : "superseded";
}

std::string Oracle::missing(const Row& row) const {
  for (const Place& place : held_)
    if (rows_.at(place).change.record == row.change.record) return "held";
  return "rejected";
}

// What names a record that is not here waits for it; a record that was deleted never comes.
// `before`: the record, if there is one.
std::string Oracle::unplaced(const Row& row, const json::value& parent, const Entity* before) {
  const auto id = reference(parent);
  const auto found = id ? state_.entities.find(*id) : state_.entities.end();
  if (found == state_.entities.end()) return "held";
  Audience audience = found->second.last_audience;
  if (before) {
    audience = audience_of(row.change.record, *before).value_or(Audience{});
    for (const FieldChange& field : row.change.fields)
      conflict("edit_vs_delete", row, row.change.kind->fields[field.field].name,
               told_under(row.site(), audience), to_json_text(before->now(field.field).value),
               to_json_text(field.new_value));
    return "conflict";
  }
  std::vector<json::value> values(row.change.kind->fields.size());
  for (const FieldChange& field : row.change.fields) values[field.field] = field.new_value;
  audience = audience_of(*row.change.kind, row.change.record, values).value_or(audience);
  if (row.change.op == ChangeOp::create) {
    stillborn(row, audience);
  } else if (const auto gone = state_.entities.find(row.change.record);
             gone != state_.entities.end()) {
    gone->second.gone_n = row.n;
    gone->second.last_audience = audience;
  }
  edit_of_deleted(row, audience);
  return "conflict";
}

std::string Oracle::changed(const Row& row) {
  const Change& change = row.change;
  const auto found = state_.entities.find(change.record);
  if (found == state_.entities.end()) return missing(row);
  Entity& entity = found->second;
  if (!entity.alive) {
    if (!fold(row, entity)) edit_of_deleted(row, entity.last_audience);
    return "conflict";
  }
  const auto before = audience_of(change.record, entity);
  if (before && !sees(row.site(), *change.kind, *before)) return out_of_scope(row, *before);
  const int custom = change.kind->find_field("custom");
  const json::value custom_before = custom < 0 ? json::value() : entity.value("custom");
  std::vector<json::value> values = values_of(entity);
  std::vector<Met> met;
  for (const FieldChange& field : change.fields) {
    const Field& description = change.kind->fields[field.field];
    if (description.merge == MergeClass::central) return "rejected";
    met.push_back(meet(description, entity.now(field.field), field, row));
    if (met.back().stands) values[field.field] = *met.back().stands;
  }
  std::set<std::size_t> lost_names;
  if (const auto named = lacking(row, values, &entity, lost_names))
    return unplaced(row, *named, &entity);
  const auto after = audience_of(*change.kind, change.record, values);
  if (!after) return unplaced(row, values[scope_field(*change.kind)], &entity);
  if (after != before && !sees(row.site(), *change.kind, *after)) return out_of_scope(row, *after);
  std::set<std::size_t> written;
  bool lost = false;
  for (std::size_t i = 0; i < met.size(); ++i) {
    const std::size_t field = change.fields[i].field;
    if (met[i].stands && lost_names.contains(field)) met[i].stands = values[field];
    if (met[i].stands) {
      if (*met[i].stands != entity.now(field).value) written.insert(field);
      entity.fields[field].push_back({row.n, *met[i].stands, row.site(), row.effective});
    }
    lost = lost || met[i].lost;
    if (!met[i].clash) continue;
    const std::string proposal = to_json_text(met[i].proposal);
    const std::string current = to_json_text(met[i].current);
    conflict("concurrent", row, change.kind->fields[field].name, told_under(row.site(), *after),
             met[i].lost ? current : proposal, met[i].lost ? proposal : current);
  }
  find_duplicates(row, written, custom_before);
  lost_mentions(row, lost_names);
  lost = lost || !lost_names.empty();
  if (change.resolves) state_.resolved.insert(*change.resolves);
  return lost ? "superseded" : "applied";
}

}  // namespace skerry::sim
