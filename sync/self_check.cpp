#include "sync/self_check.hpp"

#include <fmt/format.h>

#include "store/shadow.hpp"
#include "store/upstream.hpp"
#include "sync/state_line.hpp"

namespace skerry::sync {
namespace {

using store::Connection;
using store::Record;

tl::unexpected<Error> differs(std::string_view what) {
  return fail(
      Errc::internal,
      fmt::format("{} reads back otherwise than the bundle says: nothing was taken in", what),
      "keep the file; skerry doctor, skerry audit verify, and tell the vendor");
}

tl::unexpected<Error> differs(const Kind& kind, const RecordId& id, std::string_view what) {
  return differs(fmt::format("{} of the {} {}", what, kind.name, to_string(id)));
}

// As central has it, whatever is pending over it.
std::optional<Record> find_of_central(Connection& connection, const Kind& kind,
                                      const RecordId& id) {
  if (auto shadow = store::find_shadow(connection, kind, id)) return shadow;
  auto shown = store::find_record(connection, kind, id);
  if (shown && !shown->stamps.at_central()) shown.reset();
  return shown;
}

Result<void> check(Connection& connection, const RecordState& state) {
  const auto record = find_of_central(connection, *state.kind, state.id);
  if (!record) return differs(*state.kind, state.id, "the presence");
  for (const RecordState::FieldState& field : state.fields) {
    const std::string_view name = state.kind->fields[field.field].name;
    const Version version = record->stamps.of(name).version;
    const bool later = field.version < version;
    if (version < field.version || (!later && record->values[field.field] != field.value))
      return differs(*state.kind, state.id, name);
  }
  return {};
}

// It may have come back since.
Result<void> check(Connection& connection, const RecordGone& gone) {
  const auto record = find_of_central(connection, *gone.kind, gone.id);
  if (!record || gone.version < store::newest_version(*record)) return {};
  return differs(*gone.kind, gone.id, "the absence");
}

// Values that are merged from parts, or joined in an order, are more than one row says.
bool is_register(const Field& field) {
  return field.merge == MergeClass::shared || field.merge == MergeClass::group;
}

// An applied row: what it wrote stands, unless somebody wrote later.
Result<void> check(Connection& connection, const Change& change, std::int64_t n) {
  const auto record = store::find_record(connection, *change.kind, change.record);
  if (change.op == ChangeOp::remove) {
    if (!record || store::newest_version(*record).n > n) return {};
    return differs(*change.kind, change.record, "the absence");
  }
  if (!record) {
    if (store::find_tombstone(connection, change.record)) return {};
    return differs(*change.kind, change.record, "the presence");
  }
  for (const FieldChange& field : change.fields) {
    const Field& described = change.kind->fields[field.field];
    if (!is_register(described) || record->stamps.of(described.name).version.n > n) continue;
    if (record->values[field.field] != field.new_value)
      return differs(*change.kind, change.record, described.name);
  }
  return {};
}

}  // namespace

Result<void> check_state_taken(Connection& connection, const StateBody& body,
                               const LineSource& lines) {
  const auto upstream = store::read_upstream(connection);
  if (!upstream || upstream->life != body.upto.life || upstream->n != body.upto.n ||
      upstream->hash != body.upto.hash)
    return differs("the position in central's log");
  return lines([&](std::string_view line, std::uint64_t) -> Result<void> {
    SKERRY_TRY(const StateLine state, decode_state_line(line));
    if (const auto* record = std::get_if<RecordState>(&state)) return check(connection, *record);
    if (const auto* gone = std::get_if<RecordGone>(&state)) return check(connection, *gone);
    return {};
  });
}

Result<void> check_changes_taken(Connection& connection, const EpochId& epoch_id,
                                 const ChangesBody& body, const LineSource& lines) {
  const auto epoch = store::find_epoch(connection, epoch_id);
  if (!epoch || epoch->head < body.last) return differs("the end of the site's log");
  return read_rows(body, lines, [&](const SiteRow& row) -> Result<void> {
    const auto taken = store::find_ingested(connection, epoch->number, row.seq);
    if (!taken || taken->hash != row.hash)
      return differs(fmt::format("row {} of the site's log", row.seq));
    // A row that was issued again was decided where it first stood.
    if (!row.change || row.uid || taken->disposition != Disposition::applied) return {};
    return check(connection, *row.change, taken->n);
  });
}

}  // namespace skerry::sync
