#include "licensing/receipts.hpp"

#include <vector>

#include "core/check.hpp"

namespace skerry::licensing {
namespace {

using store::Connection;

struct Unconfirmed {
  RecordId allocation;
  std::int64_t issue = 0;
};

// No seat is given out yet, so that none is in use.
constexpr std::int64_t seats_in_use = 0;

std::vector<Unconfirmed> unconfirmed(Connection& connection, const RecordId& site) {
  std::vector<Unconfirmed> found;
  auto rows = connection.query(
      "SELECT id,issue FROM allocation WHERE site=?1 AND confirmed<issue AND seats>=?2 ORDER BY id",
      site, seats_in_use);
  while (rows.next()) found.push_back({rows.id<RecordId>(0), rows.integer(1)});
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
  const auto due = unconfirmed(connection, site);
  for (const Unconfirmed& each : due)
    SKERRY_TRY_VOID(writer.make(kind, new_record_id(now, random),
                                {{position("allocation"), json::value(to_string(each.allocation))},
                                 {position("issue"), json::value(each.issue)},
                                 {position("in_use"), json::value(seats_in_use)}},
                                author));
  return due.size();
}

}  // namespace skerry::licensing
