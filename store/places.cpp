#include "store/places.hpp"

#include <algorithm>
#include <tuple>

#include "core/check.hpp"
#include "store/scope_moves.hpp"

namespace skerry::store {
namespace {

const Kind& asset_kind() {
  static const Kind* const kind = find_kind("asset");
  SKERRY_CHECK(kind != nullptr);
  return *kind;
}

std::size_t derived_position(std::string_view name) {
  const int column = asset_kind().find_column(name);
  SKERRY_CHECK(column >= 0);
  return static_cast<std::size_t>(column) - asset_kind().fields.size();
}

bool comes_before(const MoveEvent& a, const MoveEvent& b) {
  const auto key = [](const MoveEvent& event) {
    return std::tuple(event.state == MoveState::planned, event.at,
                      event.state == MoveState::in_transit, event.move);
  };
  return key(a) < key(b);
}

std::optional<UnixMillis> time_at(const Cursor& cursor, int column) {
  if (cursor.is_null(column)) return std::nullopt;
  return cursor.integer(column);
}

MoveEvent read_event(const Cursor& cursor) {
  MoveEvent event;
  event.move = cursor.id<RecordId>(0);
  if (!cursor.is_null(1)) event.from = cursor.id<RecordId>(1);
  event.to = cursor.id<RecordId>(2);
  const auto shipped = time_at(cursor, 3);
  const auto arrived = time_at(cursor, 4);
  if (arrived) {
    event.state = MoveState::arrived;
    event.at = *arrived;
  } else if (shipped) {
    event.state = MoveState::in_transit;
    event.at = *shipped;
  } else {
    event.at = time_at(cursor, 5).value_or(time_at(cursor, 6).value_or(cursor.integer(7)));
  }
  return event;
}

RecordId customer_of_location(Connection& connection, const RecordId& location) {
  Cursor cursor = connection.query("SELECT customer FROM location WHERE id=?1", location);
  return cursor.next() ? cursor.id<RecordId>(0) : RecordId{};
}

}  // namespace

std::string_view to_text(MoveState state) {
  switch (state) {
    case MoveState::planned:
      return "planned";
    case MoveState::in_transit:
      return "in_transit";
    case MoveState::arrived:
      return "arrived";
  }
  return {};
}

std::vector<MoveEvent> asset_history(Connection& connection, const RecordId& asset) {
  std::vector<MoveEvent> events;
  Cursor cursor = connection.query(
      "SELECT id,from_location,to_location,shipped_at,arrived_at,shipped_expected,"
      "arrived_expected,created_at FROM move WHERE asset=?1",
      asset);
  while (cursor.next()) events.push_back(read_event(cursor));
  std::sort(events.begin(), events.end(), comes_before);
  return events;
}

bool stands_somewhere(const Record& asset) {
  static const std::size_t location = derived_position("location");
  return !asset.derived[location].is_null();
}

void update_place(Connection& connection, const RecordId& asset, std::int64_t n, UnixMillis now) {
  static const std::size_t location = derived_position("location");
  static const std::size_t in_transit = derived_position("in_transit");
  const auto before = find_record(connection, asset_kind(), asset);
  if (!before) return;  // it comes later, or is not for this site
  const auto history = asset_history(connection, asset);
  const auto planned = std::find_if(history.begin(), history.end(), [](const MoveEvent& event) {
    return event.state == MoveState::planned;
  });
  const MoveEvent* last = planned == history.begin() ? nullptr : &*std::prev(planned);
  Record after = *before;
  const bool arrived = last && last->state == MoveState::arrived;
  after.derived[location] = arrived ? json::value(to_string(last->to)) : json::value();
  after.derived[in_transit] = last && !arrived;
  // Who receives an asset must see it coming, to say that it arrived.
  after.scope.place = last ? customer_of_location(connection, last->to) : RecordId{};
  if (after.derived == before->derived && after.scope == before->scope) return;
  ++after.revision;
  after.updated_at = now;
  if (n > 0 && after.scope != before->scope) after.version = n;
  replace_record(connection, *before, after);
  if (n > 0) follow_scope(connection, *before, after, n);
}

void update_places_at(Connection& connection, const RecordId& location, std::int64_t n,
                      UnixMillis now) {
  // In transit to it, or standing there: both follow from a move to it.
  std::vector<RecordId> assets;
  {
    Cursor cursor =
        connection.query("SELECT DISTINCT asset FROM move WHERE to_location=?1", location);
    while (cursor.next()) assets.push_back(cursor.id<RecordId>(0));
  }
  for (const RecordId& asset : assets) update_place(connection, asset, n, now);
}

}  // namespace skerry::store
