// Central's version of a field or record: cv = (ord, n) (SYNC 4.1).
#pragma once

#include <compare>
#include <cstdint>

namespace skerry {

struct Version {
  std::int64_t ord = 0;  // unix seconds at the start of that life of central; 0: never at central
  std::int64_t n = 0;    // position in central's log of that life

  bool at_central() const { return ord != 0; }
  auto operator<=>(const Version&) const = default;
};

}  // namespace skerry
