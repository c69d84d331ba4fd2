// At a site: what it holds of central, and what central said of single rows of the site's own.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
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
  UnixMillis contact_at = 0;             // when a bundle of central's was last applied
  std::optional<UnixMillis> copy_since;  // central said that the site goes on elsewhere
  std::int64_t compared = 0;  // the position at which both were last compared; 0: not in this life
  bool differs = false;       // and were not the same
};

// What decides about the copies of a site, as central's operator types it. `site`: name or id, as
// one word of a shell, or what stands for it.
std::string copy_remedy(std::string_view site);

std::optional<Upstream> read_upstream(Connection& connection);
void write_upstream(Connection& connection, const Upstream& upstream);

// Dispositions other than `applied` of own rows.
void write_row_result(Connection& connection, std::int64_t log, const RowResult& result);
std::optional<RowResult> find_row_result(Connection& connection, std::int64_t log,
                                         std::int64_t seq);

}  // namespace skerry::store
