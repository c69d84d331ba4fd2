// At a site: what it holds of central and what central has confirmed of the site's own log.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "store/sites.hpp"

namespace skerry::store {

// A life of central (SYNC 4.1): larger than any before it; the nonce tells two of one second apart.
struct CentralLife {
  std::int64_t ord = 0;
  std::array<std::uint8_t, 16> nonce{};
  bool operator==(const CentralLife&) const = default;
};

struct Upstream {
  CentralLife life;    // ord 0: holds nothing of central yet
  std::int64_t n = 0;  // position in central's log
  Hash hash{};
  std::int64_t acked = 0;     // own rows up to here are decided at central
  std::int64_t durable = 0;   // … and are in a verified backup of central's
  UnixMillis contact_at = 0;  // when a bundle of central's was last applied
};

std::optional<Upstream> read_upstream(Connection& connection);
void write_upstream(Connection& connection, const Upstream& upstream);

// Dispositions other than `applied` of own rows.
void write_row_result(Connection& connection, std::int64_t log, const RowResult& result);
std::optional<RowResult> find_row_result(Connection& connection, std::int64_t log,
                                         std::int64_t seq);

// Records with own rows in (after, upto] of `log`, each once, with their kinds.
std::vector<std::pair<const Kind*, RecordId>> records_changed(Connection& connection,
                                                              std::int64_t log, std::int64_t after,
                                                              std::int64_t upto);
// The own rows of one record behind `after`, in order: what is replayed over its shadow.
std::vector<std::string> pending_lines(Connection& connection, std::int64_t log,
                                       const RecordId& record, std::int64_t after);

}  // namespace skerry::store
