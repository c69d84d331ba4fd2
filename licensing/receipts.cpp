#include "licensing/receipts.hpp"

#include <algorithm>
#include <vector>

#include "core/check.hpp"
#include "licensing/allowance.hpp"
#include "licensing/seat_rows.hpp"
#include "store/allocations.hpp"

namespace skerry::licensing {
namespace {

using store::Connection;
using store::Counted;

struct Unconfirmed {
  RecordId allocation;
  RecordId entitlement;
  std::int64_t issue = 0;
};

std::vector<Unconfirmed> unconfirmed(Connection& connection, const RecordId& site,
                                     const std::optional<RecordId>& of) {
  std::vector<Unconfirmed> found;
  const auto take = [&](store::Cursor rows) {
    while (rows.next())
      found.push_back({rows.id<RecordId>(0), rows.id<RecordId>(1), rows.integer(2)});
  };
  if (of)
    take(
        connection.query("SELECT id,entitlement,issue FROM allocation WHERE entitlement=?1 AND "
                         "+site=?2 AND confirmed<issue",
                         *of, site));
  else
    take(connection.query(
        "SELECT id,entitlement,issue FROM allocation WHERE site=?1 AND confirmed<issue ORDER BY id",
        site));
  return found;
}

// Until when seats of it are leased, as far as their rows say: a borrowed one perhaps beyond an end
// that came earlier; any that was refreshed since, up to the end that was known before.
UnixMillis leased_at_most(Connection& connection, const RecordId& entitlement, UnixMillis former) {
  auto latest = connection.query(
      "SELECT max(until) FROM seat WHERE entitlement=?1 AND hold<>'ended'", entitlement);
  if (!latest.next() || latest.is_null(0)) return 0;
  return std::max(latest.integer(0), former);
}

}  // namespace

Result<std::size_t> confirm_allocations(Connection& connection, store::RecordWriter& writer,
                                        const store::Identity& self, Random& random, UnixMillis now,
                                        const store::Author& author, std::optional<RecordId> of,
                                        const LeasedUntil& leased) {
  std::size_t confirmed = 0;
  if (self.role != Role::site) return confirmed;
  const Kind& kind = *find_kind("allocation_receipt");
  const auto position = [&](std::string_view field) {
    const int found = kind.find_field(field);
    SKERRY_CHECK(found >= 0);
    return static_cast<std::size_t>(found);
  };
  for (const Unconfirmed& each : unconfirmed(connection, RecordId{self.id.bytes}, of)) {
    const auto allowance = find_allowance(connection, self, each.entitlement, now);
    const auto given = store::find_record(connection, *find_kind("allocation"), each.allocation);
    if (!allowance || !given) continue;
    const Counted in_use = store::own_use(connection, each.entitlement, allowance->usage_since,
                                          allowance->usage_told_since);
    if (!store::covers(store::present(*given), in_use)) continue;
    // A lease that has ended by this machine's clock runs no more, whatever the end is.
    const UnixMillis over = std::max(*allowance->allocated_until, load_floor(connection));
    const UnixMillis former = store::instant_of(given->value("held_until")).value_or(0);
    const UnixMillis until = leased ? leased(each.entitlement, former)
                                    : leased_at_most(connection, each.entitlement, former);
    if (until > over) continue;
    FieldValues values{{position("allocation"), json::value(to_string(each.allocation))},
                       {position("issue"), json::value(each.issue)},
                       {position("in_use"), json::value(in_use.seats)}};
    if (auto amounts = store::amounts_json(in_use); !amounts.is_null())
      values.push_back({position("amounts"), std::move(amounts)});
    SKERRY_TRY_VOID(writer.make(kind, new_record_id(now, random), std::move(values), author));
    ++confirmed;
  }
  return confirmed;
}

}  // namespace skerry::licensing
