#include "store/derived.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "store/allocations.hpp"
#include "store/places.hpp"
#include "store/sqlite/tally.hpp"

namespace skerry::store {
namespace {

// A customer's counters, each by the statement that adds to it.
constexpr std::string_view add_locations = "UPDATE customer SET locations=locations+?2 WHERE id=?1";
constexpr std::string_view add_owned =
    "UPDATE customer SET assets_owned=assets_owned+?2 WHERE id=?1";
constexpr std::string_view add_standing =
    "UPDATE customer SET assets_on_location=assets_on_location+?2 WHERE id=?1";

// A counter that a record adds one to.
struct Share {
  RecordId customer;
  std::string_view counter;
  bool operator==(const Share&) const = default;
};
using Shares = std::array<Share, 2>;  // a zero customer: none

// What is archived or scrapped does not count, as it is not in the lists.
Shares shares_of(const Record& record) {
  Shares shares;
  const bool is_location = record.kind->name == "location";
  if (!is_location && record.kind->name != "asset") return shares;
  if (!record.value("archived_at").is_null()) return shares;
  if (is_location) {
    shares[0] = {record.scope.customer, add_locations};
    return shares;
  }
  if (!record.value("scrapped_on").is_null()) return shares;
  shares[0] = {record.scope.customer, add_owned};
  if (stands_somewhere(record)) shares[1] = {record.scope.place, add_standing};
  return shares;
}

void add_to(Connection& connection, const Share& share, std::int64_t number) {
  if (share.customer.is_zero()) return;
  connection.execute(share.counter, share.customer, number);
}

bool is_move(const Record& record) { return record.kind->name == "move"; }

bool is_located_otherwise(const Record& before, const Record& after) {
  constexpr std::array<std::string_view, 4> fields{"asset", "to_location", "shipped_at",
                                                   "arrived_at"};
  return std::any_of(fields.begin(), fields.end(), [&](std::string_view field) {
    return before.value(field) != after.value(field);
  });
}

RecordId named_by(const Record& record, std::string_view field) {
  return parse_id<RecordId>(record.value(field).as_string()).value_or(RecordId{});
}
RecordId asset_of(const Record& move) { return named_by(move, "asset"); }

std::int64_t count(Connection& connection, std::string_view condition, const RecordId& customer) {
  Cursor cursor = connection.query(fmt::format("SELECT count(*) FROM {}", condition), customer);
  return cursor.next() ? cursor.integer(0) : 0;
}

void count_whole(Connection& connection, const RecordId& customer) {
  const std::int64_t locations =
      count(connection, "location WHERE customer=?1 AND archived_at IS NULL", customer);
  const std::int64_t owned = count(
      connection, "asset WHERE owner=?1 AND archived_at IS NULL AND scrapped_on IS NULL", customer);
  const std::int64_t standing =
      count(connection,
            "asset WHERE scope_place=?1 AND location IS NOT NULL AND archived_at IS NULL AND "
            "scrapped_on IS NULL",
            customer);
  connection.execute(
      "UPDATE customer SET locations=?2,assets_owned=?3,assets_on_location=?4 WHERE id=?1",
      customer, locations, owned, standing);
}

}  // namespace

void derive_after_insert(Connection& connection, const Record& record) {
  tally::add(connection, record.kind->name, 1);
  for (const Share& share : shares_of(record)) add_to(connection, share, 1);
  if (is_move(record))
    update_place(connection, asset_of(record), record.version, record.updated_at);
  if (record.kind->name == "allocation_receipt")
    update_confirmed(connection, named_by(record, "allocation"));
}

void derive_after_replace(Connection& connection, const Record& before, const Record& after) {
  const Shares old_shares = shares_of(before);
  const Shares new_shares = shares_of(after);
  for (std::size_t i = 0; i < old_shares.size(); ++i) {
    if (old_shares[i] == new_shares[i]) continue;
    add_to(connection, old_shares[i], -1);
    add_to(connection, new_shares[i], 1);
  }
  if (is_move(after) && is_located_otherwise(before, after)) {
    update_place(connection, asset_of(before), after.version, after.updated_at);
    if (asset_of(before) != asset_of(after))
      update_place(connection, asset_of(after), after.version, after.updated_at);
  }
  if (after.kind->name == "location" && before.scope != after.scope)
    update_places_at(connection, after.id, after.version, after.updated_at);
  if (after.kind->name == "allocation") update_confirmed(connection, after.id);
}

void derive_after_delete(Connection& connection, const Record& before, std::int64_t n) {
  tally::add(connection, before.kind->name, -1);
  for (const Share& share : shares_of(before)) add_to(connection, share, -1);
  if (is_move(before)) update_place(connection, asset_of(before), n, before.updated_at);
  if (before.kind->name == "location")
    update_places_at(connection, before.id, n, before.updated_at);
  if (before.kind->name == "allocation_receipt")
    update_confirmed(connection, named_by(before, "allocation"));
}

void derive_whole(Connection& connection, const Record& record) {
  if (record.kind->name == "allocation") update_confirmed(connection, record.id);
  if (record.kind->name == "customer") count_whole(connection, record.id);
  if (record.kind->name == "asset")
    update_place(connection, record.id, record.version, record.updated_at);
  if (record.kind->name == "location")
    update_places_at(connection, record.id, record.version, record.updated_at);
}

std::int64_t count_kind(Connection& connection, const Kind& kind) {
  return tally::read(connection, kind.name);
}

}  // namespace skerry::store
