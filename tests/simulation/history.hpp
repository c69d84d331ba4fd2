// Central's log on every branch that it ever was on: where it was put back, it went on elsewhere.
#pragma once

#include <cstdint>
#include <map>

#include "store/sqlite/connection.hpp"

namespace skerry::sim {

class History {
 public:
  // The rows that central has now.
  void note(store::Connection& central);
  // Whether the row `n` of the branch that ends in `to` is `from`, as far as it was noted.
  bool leads(const Hash& from, std::int64_t n, const Hash& to) const;

 private:
  struct Row {
    std::int64_t n = 0;
    Hash before{};
  };
  std::map<Hash, Row> rows_;
};

}  // namespace skerry::sim
