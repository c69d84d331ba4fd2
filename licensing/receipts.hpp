// A site's word about what central allocated to it (ADR 0047): only with it do seats that were
// taken back count as free again.
#pragma once

#include "store/write_records.hpp"

namespace skerry::licensing {

// Writes a receipt for each allocation of this site whose present issue it has not confirmed, of
// which no more is in use than is allocated (seats, pools and counts) and no seat is leased beyond
// its end. Part of the transaction that took the allocation in; of one with too much out, of the
// one that frees enough (`of`: only that entitlement's). How many were written.
Result<std::size_t> confirm_allocations(store::Connection& connection, store::RecordWriter& writer,
                                        const store::Identity& self, Random& random, UnixMillis now,
                                        const store::Author& author,
                                        std::optional<RecordId> of = std::nullopt);

}  // namespace skerry::licensing
