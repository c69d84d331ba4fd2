// A site's word about what central allocated to it (ADR 0047): only with it do seats that were
// taken back count as free again.
#pragma once

#include <functional>

#include "store/write_records.hpp"

namespace skerry::licensing {

// The latest end of the leases of an entitlement that were given, of those too that are not in the
// rows yet: of these none is later than `former`, the end that was known before. Whoever says it
// gives none beyond the allocation's end from then on.
using LeasedUntil = std::function<UnixMillis(const RecordId& entitlement, UnixMillis former)>;

// Writes a receipt for each allocation of this site whose present issue it has not confirmed, of
// which no more is in use than is allocated (seats, pools and counts) and no seat is leased beyond
// its end. Part of the transaction that took the allocation in; of one with too much out, of the
// one that frees enough (`of`: only that entitlement's). Who cannot know how long leases are, since
// they are refreshed meanwhile (no `leased`), leaves an earlier end to who can, as long as seats
// are out. How many were written.
Result<std::size_t> confirm_allocations(store::Connection& connection, store::RecordWriter& writer,
                                        const store::Identity& self, Random& random, UnixMillis now,
                                        const store::Author& author,
                                        std::optional<RecordId> of = std::nullopt,
                                        const LeasedUntil& leased = {});

}  // namespace skerry::licensing
