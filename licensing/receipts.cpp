#include "licensing/receipts.hpp"

#include <vector>

#include "core/check.hpp"

namespace skerry::licensing {
namespace {

using store::Connection;

struct Unconfirmed {
  RecordId allocation;
  std::int64_t issue = 0;
  std::int64_t in_use = 0;  // seats of the entitlement that are out here
};

// Seats are of an entitlement, not of one of its allocations: all of these are held against them.
std::vector<Unconfirmed> unconfirmed(Connection& connection, const RecordId& site, UnixMillis now) {
  std::vector<Unconfirmed> found;
  auto rows = connection.query(
      "SELECT a.id,a.issue,(SELECT count(*) FROM seat s WHERE s.entitlement=a.entitlement) AS used "
      "FROM allocation a WHERE a.site=?1 AND a.confirmed<a.issue AND used<=("
      "SELECT coalesce(sum(b.seats),0) FROM allocation b "
      "WHERE b.entitlement=a.entitlement AND b.site=?1 AND b.until>?2) ORDER BY a.id",
      site, now);
  while (rows.next()) found.push_back({rows.id<RecordId>(0), rows.integer(1), rows.integer(2)});
  return found;
}

}  // namespace

Result<std::size_t> confirm_allocations(Connection& connection, store::RecordWriter& writer,
                                        const store::Identity& self, Random& random, UnixMillis now,
                                        const store::Author& author) {
  if (self.role != Role::site) return 0;
  const RecordId site{self.id.bytes};
  const Kind& kind = *find_kind("allocation_receipt");
  const auto position = [&](std::string_view field) {
    const int found = kind.find_field(field);
    SKERRY_CHECK(found >= 0);
    return static_cast<std::size_t>(found);
  };
  const auto due = unconfirmed(connection, site, now);
  for (const Unconfirmed& each : due)
    SKERRY_TRY_VOID(writer.make(kind, new_record_id(now, random),
                                {{position("allocation"), json::value(to_string(each.allocation))},
                                 {position("issue"), json::value(each.issue)},
                                 {position("in_use"), json::value(each.in_use)}},
                                author));
  return due.size();
}

}  // namespace skerry::licensing
