#include "store/prune_log.hpp"

#include <algorithm>
#include <map>

#include "store/own_epochs.hpp"

namespace skerry::store {
namespace {

// The rows of each own chain that must stay: [first, last]. Before them central has decided all,
// and has it in a verified backup; what is behind them was issued again in a later epoch. Chains
// that are not here hold what arrived: central has that.
struct Needed {
  std::int64_t first = 0;
  std::int64_t last = 0;
};
std::map<std::int64_t, Needed> needed_rows(Connection& connection) {
  std::map<std::int64_t, Needed> needed;
  for (const OwnEpoch& epoch : read_own_epochs(connection))
    needed[epoch.log] = {std::min(epoch.acked, epoch.durable) + 1, epoch.end};
  return needed;
}

void write_chain_begin(Connection& connection, const ChainBegin& chain, UnixMillis now) {
  connection.execute(
      "INSERT INTO pruned(log,seq,hash,n,pruned_at) VALUES(?1,?2,?3,?4,?5) ON CONFLICT(log) "
      "DO UPDATE SET seq=excluded.seq,hash=excluded.hash,n=excluded.n,pruned_at=excluded.pruned_at",
      chain.log, chain.seq, chain.hash, chain.n, now);
}

}  // namespace

LogBegin read_log_begin(Connection& connection) {
  LogBegin begin;
  Cursor cursor = connection.query(
      "SELECT p.log,p.seq,p.hash,p.n,p.pruned_at,l.purpose FROM pruned p "
      "JOIN log l ON l.number=p.log ORDER BY p.log");
  while (cursor.next()) {
    begin.chains.push_back(
        {cursor.integer(0), cursor.integer(1), cursor.hash(2), cursor.integer(3)});
    begin.n = std::max(begin.n, cursor.integer(3));
    begin.pruned_at = std::max(begin.pruned_at, cursor.integer(4));
    if (cursor.text(5) == "own") begin.own_rows += cursor.integer(1);
  }
  return begin;
}

ChainBegin read_chain_begin(Connection& connection, std::int64_t log) {
  Cursor cursor = connection.query("SELECT seq,hash,n FROM pruned WHERE log=?1", log);
  if (!cursor.next()) return {log};
  return {log, cursor.integer(0), cursor.hash(1), cursor.integer(2)};
}

std::int64_t prune_log(Connection& connection, ChangeLog& log, UnixMillis before,
                       std::int64_t rows_max) {
  const auto needed = needed_rows(connection);
  std::map<std::int64_t, ChainBegin> ends;
  std::int64_t rows = 0;
  std::int64_t last_n = 0;
  {
    Cursor cursor = connection.query(
        "SELECT n,log,seq,hash,recorded_at FROM change_log "
        "WHERE n<(SELECT max(n) FROM change_log) ORDER BY n LIMIT ?1",
        rows_max);
    while (cursor.next()) {
      const ChainBegin row{cursor.integer(1), cursor.integer(2), cursor.hash(3), cursor.integer(0)};
      if (cursor.integer(4) >= before) break;
      const auto own = needed.find(row.log);
      if (own != needed.end() && row.seq >= own->second.first && row.seq <= own->second.last) break;
      last_n = row.n;
      ends[row.log] = row;
      ++rows;
    }
  }
  if (rows == 0) return 0;
  for (const auto& [number, chain] : ends) {
    write_chain_begin(connection, chain, log.wall_ms());
    connection.execute("DELETE FROM row_result WHERE log=?1 AND seq<=?2", number, chain.seq);
  }
  connection.execute("DELETE FROM change_log WHERE n<=?1", last_n);
  log.keep_clock(connection);  // the row that told how late it was may be among them
  return rows;
}

}  // namespace skerry::store
