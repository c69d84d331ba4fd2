#include "sync/rebase.hpp"

#include <fmt/format.h>

#include "core/check.hpp"
#include "core/merge.hpp"
#include "store/derived.hpp"
#include "store/log_subject.hpp"
#include "store/tombstone.hpp"
#include "store/write_records.hpp"

namespace skerry::sync {
namespace {

using store::FieldStamp;
using store::Record;

// At a site a stamp says which version of central's the site saw, and no more.
FieldStamp seen(Version version) { return {version, 0, {}}; }

// The newer version of each field stands, so that an older bundle takes nothing back.
void merge_state(Record& record, const RecordState& state) {
  if (!state.partial && state.every >= store::newest_version(record))
    record.stamps = store::Stamps(seen(state.every));
  for (const RecordState::FieldState& field : state.fields) {
    const std::string_view name = record.kind->fields[field.field].name;
    const Version known = record.stamps.of(name).version;
    if (field.version < known) continue;
    record.values[field.field] = field.value;
    if (field.version != known) record.stamps.set(name, seen(field.version));
  }
}

// A record may come before the one it follows: then what it names itself has to do.
store::Scope nearest_scope(store::Connection& connection, const Record& record) {
  const auto scope = store::scope_of(connection, record);
  if (scope) return *scope;
  const json::string* text = record.value(record.kind->scope_field).if_string();
  return {text ? parse_id<RecordId>(*text).value_or(RecordId{}) : RecordId{}, record.scope.place};
}

Record created_by(const Change& change, UnixMillis now) {
  Record record(*change.kind);
  record.id = change.record;
  record.created_at = change.hlc.ms();
  record.updated_at = now;
  record.revision = 1;
  return record;
}

void replay(std::optional<Record>& record, const Change& change, UnixMillis now) {
  if (change.op == ChangeOp::remove) {
    record.reset();
    return;
  }
  const bool makes = change.op == ChangeOp::create || change.op == ChangeOp::restore;
  if (makes && !record) record = created_by(change, now);
  if (!record) return;  // deleted at central: the edit ends in a conflict record there
  for (const FieldChange& field : change.fields) {
    json::value& value = record->values[field.field];
    value = replay_field(change.kind->fields[field.field], value, field.old_value, field.new_value);
  }
}

}  // namespace

Rebase::Known Rebase::read(const Kind& kind, const RecordId& id) {
  Known known;
  known.view = store::find_record(connection_, kind, id);
  known.central = store::find_shadow(connection_, kind, id);
  if (!known.central && known.view && known.view->stamps.at_central()) {
    known.central = known.view;
    known.is_settled = true;
  }
  return known;
}

std::vector<std::pair<const Kind*, RecordId>> Rebase::known_of_central() {
  std::vector<std::pair<const Kind*, RecordId>> known;
  for (const Kind& kind : all_kinds()) {
    // A stamp of order 0: central has not seen the record.
    auto cursor =
        connection_.query(fmt::format("SELECT id FROM {0} WHERE stamps NOT LIKE '0.%' UNION "
                                      "SELECT record FROM shadow WHERE kind='{0}'",
                                      kind.name));
    while (cursor.next()) known.emplace_back(&kind, cursor.id<RecordId>(0));
  }
  return known;
}

Result<bool> Rebase::take(const RecordState& state) {
  Known known = read(*state.kind, state.id);
  if (!known.central || anew_) {
    if (state.partial)
      return fail(Errc::wrong_history,
                  fmt::format("the bundle changes {} {}, which this site does not hold",
                              state.kind->name, to_string(state.id)),
                  "run an exchange: central will send its whole state");
    known.central.emplace(*state.kind);
    known.central->id = state.id;
    known.central->created_at = state.created_at;
    known.central->revision = known.view ? known.view->revision : 0;
    known.central->stamps = store::Stamps(seen(state.every));
    for (const auto& field : state.fields) {
      known.central->values[field.field] = field.value;
      if (field.version != state.every)
        known.central->stamps.set(state.kind->fields[field.field].name, seen(field.version));
    }
  } else {
    merge_state(*known.central, state);
  }
  known.central->scope = nearest_scope(connection_, *known.central);
  return show(std::move(known), *state.kind, state.id);
}

bool Rebase::take(const RecordGone& gone) {
  Known known = read(*gone.kind, gone.id);
  store::Tombstone left{gone.id, gone.kind, {}, gone.version};
  if (const auto& last = known.central ? known.central : known.view)
    left = store::tombstone_of(*last, gone.version);
  known.central.reset();
  const bool changed = show(std::move(known), *gone.kind, gone.id);
  if (!gone.deleted) return changed;
  store::write_tombstone(connection_, left, log_.wall_ms());
  return changed;
}

// A record of central's with rows that wait for a decision has a shadow; without one, what is shown
// is central's state already, because the bundle brought it.
bool Rebase::settle(const Kind& kind, const RecordId& id) {
  Known known = read(kind, id);
  if (known.is_settled) return false;
  return show(std::move(known), kind, id);
}

bool Rebase::show(Known known, const Kind& kind, const RecordId& id) {
  const auto pending = store::pending_lines(connection_, id);
  std::optional<Record> after = known.central;
  for (const std::string& line : pending) {
    const auto change = decode_change(line);
    SKERRY_CHECK(change.has_value());  // our own line, checked when it was written
    replay(after, *change, log_.wall_ms());
  }
  if (after) after->scope = nearest_scope(connection_, *after);
  if (known.central && !pending.empty())
    store::write_shadow(connection_, *known.central);
  else
    store::erase_shadow(connection_, id);
  SKERRY_CHECK(!after || after->kind == &kind);
  return write_view(known.view, std::move(after));
}

bool Rebase::write_view(const std::optional<Record>& before, std::optional<Record> after) {
  if (!before && !after) return false;
  const bool changed = !before || !after || before->values != after->values;
  if (changed) note_received(before, after);
  if (!after) {
    store::delete_record(connection_, *before, 0);
    return true;
  }
  after->updated_at = changed || !before ? log_.wall_ms() : before->updated_at;
  if (before) {
    // Central has agreed to it now; it may have had another record by this id, or a deleted one.
    const bool agreed = after->stamps.at_central() && !before->stamps.at_central();
    if (agreed)
      store::erase_tombstone(connection_, after->id);
    else if (!anew_)  // another life of central's may say otherwise of when
      after->created_at = before->created_at;
    after->revision = before->revision + (changed ? 1 : 0);
    after->derived = before->derived;
    if (after->kind->scope == ScopePath::placed) after->scope.place = before->scope.place;
    store::replace_record(connection_, *before, *after);
  } else {
    after->revision += 1;
    store::erase_tombstone(connection_, after->id);
    store::insert_record(connection_, *after);
    store::derive_whole(connection_, *after);
  }
  return changed;
}

// Every visible change is a row of the log; what arrived has its own chain, which does not travel.
void Rebase::note_received(const std::optional<Record>& before,
                           const std::optional<Record>& after) {
  const Record& subject = after ? *after : *before;
  Change change;
  change.kind = subject.kind;
  change.record = subject.id;
  change.op = !after ? ChangeOp::remove : before ? ChangeOp::set : ChangeOp::create;
  change.hlc = log_.tick();
  change.actor = "central";
  change.source = "sync";
  change.request = request_;
  for (std::size_t i = 0; after && i < after->values.size(); ++i) {
    const json::value old_value = before ? before->values[i] : json::value();
    if (old_value != after->values[i])
      change.fields.push_back({i, old_value, after->values[i], std::nullopt});
  }
  const std::string line = encode(change);
  log_.append_received(connection_, subject.kind->name, subject.id, line,
                       store::subject_of(connection_, subject));
}

}  // namespace skerry::sync
