#include "licensing/seat_rows.hpp"

#include <charconv>

#include "core/json_text.hpp"
#include "store/identity.hpp"

namespace skerry::licensing {
namespace {

using store::Connection;
using store::Cursor;

constexpr std::string_view floor_key = "lease_floor";

std::string_view to_text(Hold hold) {
  switch (hold) {
    case Hold::borrowed:
      return "borrowed";
    case Hold::ended:
      return "ended";
    default:
      return "lease";
  }
}

Hold parse_hold(std::string_view text) {
  if (text == "borrowed") return Hold::borrowed;
  return text == "ended" ? Hold::ended : Hold::lease;
}

std::string text_of(const Amounts& amounts) {
  json::object object;
  for (const auto& [feature, amount] : amounts) object[feature] = amount;
  return to_json_text(object);
}

Amounts read_amounts(std::string_view text) {
  Amounts amounts;
  const json::value read = json::parse(text);  // our own text
  for (const auto& [feature, amount] : read.as_object())
    amounts.emplace(feature, amount.as_int64());
  return amounts;
}

}  // namespace

// An upsert whatever the seat was: an index that stood on a commit which failed would else count on
// a row that is not there.
void write_seat(Connection& connection, const Seat& seat) {
  const std::string held = text_of(seat.held);
  const std::string allotted = text_of(seat.allotted);
  connection.execute(
      "INSERT INTO seat(id,entitlement,machine,name,user,seat_group,granted_at,until,hold,bound,"
      "generation,turn,last_request,held,allotted) "
      "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15) ON CONFLICT(id) DO UPDATE SET "
      "name=?4,user=?5,seat_group=?6,granted_at=?7,until=?8,hold=?9,bound=?10,generation=?11,"
      "turn=?12,last_request=?13,held=?14,allotted=?15",
      seat.id, seat.entitlement, seat.machine, seat.name, seat.user, seat.group, seat.granted_at,
      seat.until, to_text(seat.hold), seat.bound, seat.generation, seat.turn, seat.last_request,
      held, allotted);
}

void delete_seat(Connection& connection, const RecordId& id) {
  connection.execute("DELETE FROM seat WHERE id=?1", id);
}

void write_used(Connection& connection, const FeatureUse& use) {
  connection.execute(
      "INSERT INTO feature_use(entitlement,feature,used,since) VALUES(?1,?2,?3,?4) "
      "ON CONFLICT(entitlement,feature) DO UPDATE SET used=?3,since=?4",
      use.entitlement, use.feature, use.used.amount, use.used.since);
}

std::vector<Seat> load_seats(Connection& connection) {
  std::vector<Seat> seats;
  Cursor rows = connection.query(
      "SELECT id,entitlement,machine,name,user,seat_group,granted_at,until,hold,bound,generation,"
      "turn,last_request,held,allotted FROM seat");
  while (rows.next()) {
    Seat seat;
    seat.id = rows.id<RecordId>(0);
    seat.entitlement = rows.id<RecordId>(1);
    seat.machine = rows.text(2);
    seat.name = rows.text(3);
    seat.user = rows.text(4);
    seat.group = rows.text(5);
    seat.granted_at = rows.integer(6);
    seat.until = rows.integer(7);
    seat.hold = parse_hold(rows.text(8));
    seat.bound = rows.integer(9) != 0;
    seat.generation = rows.integer(10);
    seat.turn = rows.integer(11);
    seat.last_request = rows.hash(12);
    seat.held = read_amounts(rows.text(13));
    seat.allotted = read_amounts(rows.text(14));
    seats.push_back(std::move(seat));
  }
  return seats;
}

std::vector<FeatureUse> load_used(Connection& connection) {
  std::vector<FeatureUse> all;
  Cursor rows = connection.query("SELECT entitlement,feature,used,since FROM feature_use");
  while (rows.next())
    all.push_back(
        {rows.id<RecordId>(0), std::string(rows.text(1)), {rows.integer(2), rows.integer(3)}});
  return all;
}

std::map<RecordId, UnixMillis> load_starts(Connection& connection) {
  std::map<RecordId, UnixMillis> starts;
  Cursor rows = connection.query("SELECT entitlement,at FROM first_activation");
  while (rows.next()) starts.emplace(rows.id<RecordId>(0), rows.integer(1));
  return starts;
}

void write_start(Connection& connection, const RecordId& entitlement, UnixMillis at) {
  connection.execute("INSERT OR IGNORE INTO first_activation(entitlement,at) VALUES(?1,?2)",
                     entitlement, at);
}

std::map<RecordId, SeatCounts> load_counts(Connection& connection) {
  std::map<RecordId, SeatCounts> counts;
  Cursor rows =
      connection.query("SELECT entitlement,denials,clones,overdrafts,high_water FROM seat_count");
  while (rows.next())
    counts[rows.id<RecordId>(0)] = {rows.integer(1), rows.integer(2), rows.integer(3),
                                    rows.integer(4)};
  return counts;
}

void write_counts(Connection& connection, const RecordId& entitlement, const SeatCounts& counts) {
  connection.execute(
      "INSERT INTO seat_count(entitlement,denials,clones,overdrafts,high_water) "
      "VALUES(?1,?2,?3,?4,?5) ON CONFLICT(entitlement) DO UPDATE SET "
      "denials=?2,clones=?3,overdrafts=?4,high_water=?5",
      entitlement, counts.denials, counts.clones, counts.overdrafts, counts.high_water);
}

std::map<RecordId, SeatPolicy> load_policies(Connection& connection) {
  std::map<RecordId, SeatPolicy> policies;
  Cursor rows = connection.query("SELECT entitlement,policy FROM seat_policy");
  while (rows.next())
    if (auto policy = read_policy(json::parse(rows.text(1)).as_object()))
      policies.emplace(rows.id<RecordId>(0), *std::move(policy));
  return policies;
}

void write_policy(Connection& connection, const RecordId& entitlement, const SeatPolicy& policy) {
  const std::string text = to_json_text(to_json(policy));
  connection.execute(
      "INSERT INTO seat_policy(entitlement,policy) VALUES(?1,?2) "
      "ON CONFLICT(entitlement) DO UPDATE SET policy=?2",
      entitlement, text);
}

void write_jump(Connection& connection, const KeptJump& kept) {
  connection.execute("INSERT INTO clock_jump(noticed_at,expected,found) VALUES(?1,?2,?3)",
                     kept.noticed_at, kept.jump.expected, kept.jump.found);
  connection.execute("DELETE FROM clock_jump WHERE number<=?1",
                     connection.last_insert_rowid() - jumps_kept);
}

std::vector<KeptJump> list_jumps(Connection& connection) {
  std::vector<KeptJump> jumps;
  Cursor rows =
      connection.query("SELECT noticed_at,expected,found FROM clock_jump ORDER BY number DESC");
  while (rows.next()) jumps.push_back({rows.integer(0), {rows.integer(1), rows.integer(2)}});
  return jumps;
}

UnixMillis load_floor(Connection& connection) {
  const std::string text = store::read_meta(connection, floor_key).value_or("0");
  UnixMillis floor = 0;
  std::from_chars(text.data(), text.data() + text.size(), floor);
  return floor;
}

void write_floor(Connection& connection, UnixMillis floor) {
  store::write_meta(connection, floor_key, std::to_string(floor));
}

}  // namespace skerry::licensing
