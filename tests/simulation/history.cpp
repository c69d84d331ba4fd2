#include "tests/simulation/history.hpp"

namespace skerry::sim {

void History::note(store::Connection& central) {
  auto cursor = central.query("SELECT n,hash FROM change_log ORDER BY n DESC");
  for (bool more = cursor.next(); more;) {
    const std::int64_t n = cursor.integer(0);
    const Hash hash = cursor.hash(1);
    more = cursor.next();
    if (!rows_.try_emplace(hash, Row{n, more ? cursor.hash(1) : Hash{}}).second) return;
  }
}

bool History::leads(const Hash& from, std::int64_t n, const Hash& to) const {
  auto row = rows_.find(to);
  while (row != rows_.end() && row->second.n > n) row = rows_.find(row->second.before);
  return row == rows_.end() || row->first == from;
}

}  // namespace skerry::sim
