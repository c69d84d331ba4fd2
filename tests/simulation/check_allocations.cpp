// What sites hold of an entitlement, added up anew (I10; ADR 0047). Shares no code with
// store/allocations.
#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "core/timestamp.hpp"
#include "tests/simulation/checks.hpp"

namespace skerry::sim {
namespace {

std::int64_t number(store::Cursor& row, int column) {
  return row.is_null(column) ? 0 : row.integer(column);
}

// Of what people write in the simulator: nothing, or per cents.
std::int64_t overdrawn(std::int64_t seats, std::string_view overdraft) {
  std::int64_t percent = 0;
  for (const char c : overdraft)
    if (c != '%') percent = percent * 10 + (c - '0');
  return seats + seats * percent / 100;
}

}  // namespace

void check_allocations(Machine& central) {
  const store::Reader reader = central.database->read();
  const UnixMillis now = central.clock.wall_ms();
  std::map<RecordId, std::int64_t> taken;
  auto rows = reader->query(
      "SELECT entitlement,seats,until,issue,confirmed,held_seats,held_until FROM allocation");
  while (rows.next()) {
    std::int64_t seats = now < rows.integer(2) ? rows.integer(1) : 0;
    if (rows.integer(4) < rows.integer(3) && now < number(rows, 6))
      seats = std::max(seats, number(rows, 5));
    taken[rows.id<RecordId>(0)] += seats;
  }
  auto sold = reader->query("SELECT id,seats,coalesce(overdraft,'') FROM entitlement");
  while (sold.next()) {
    const auto id = sold.id<RecordId>(0);
    const std::int64_t bound = overdrawn(sold.integer(1), sold.text(2));
    if (taken[id] > bound)
      throw Violation("I10", fmt::format("{} seats of {} are allocated, {} may be", taken[id],
                                         to_string(id), bound));
  }
}

}  // namespace skerry::sim
