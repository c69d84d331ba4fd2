#include "sync/renew_epoch.hpp"

#include <algorithm>
#include <vector>

#include "core/check.hpp"
#include "core/json_member.hpp"
#include "store/log_event.hpp"
#include "store/own_epochs.hpp"
#include "store/quarantine.hpp"
#include "sync/lost_rows.hpp"

namespace skerry::sync {
namespace {

using store::Connection;
using store::OwnEpoch;

// The row that the new epoch goes on behind: in the last epoch that has rows up to there. Row 0 of
// the first one is no row, but says whose line it is; so does that of an epoch whose row was pruned
// and is not known otherwise.
LogPlace find_parent(Connection& connection, const std::vector<OwnEpoch>& epochs,
                     const Renewal& renewal) {
  std::size_t at = renewal.epoch;
  std::int64_t end = renewal.end;
  while (end == 0 && at > 0) end = epochs[--at].end;
  const auto hash = at == renewal.epoch && renewal.hash
                        ? renewal.hash
                        : store::own_hash_at(connection, epochs[at].log, end);
  if (!hash) return {epochs[at].epoch, 0, Hash{}};
  return {epochs[at].epoch, end, *hash};
}

void close(Connection& connection, const OwnEpoch& epoch, std::int64_t upto) {
  connection.execute(
      "UPDATE log SET upto=?2,acked=min(acked,?2),durable=min(durable,?2) WHERE number=?1",
      epoch.log, upto);
}

// Rows in (after, epoch.end], again. What happened to the machine happened once: events stay where
// they are, and rows that were pruned are central's.
void issue_again(Connection& connection, store::ChangeLog& log, const OwnEpoch& epoch,
                 std::int64_t after) {
  constexpr std::int64_t batch_rows = 1000;
  static const std::string sql =
      "SELECT " + std::string(store::log_columns) +
      " FROM change_log WHERE log=?1 AND seq>?2 AND seq<=?3 ORDER BY seq LIMIT ?4";
  after = std::max(after, epoch.first - 1);
  while (after < epoch.end) {
    std::vector<store::LogRow> rows;
    {
      store::Cursor cursor = connection.query(sql, epoch.log, after, epoch.end, batch_rows);
      while (cursor.next()) rows.push_back(store::read_log_row(cursor));
    }
    SKERRY_CHECK(!rows.empty());
    for (const store::LogRow& row : rows) {
      after = row.seq;
      if (store::is_event(row.line)) continue;
      const std::string line = reissued_line(row.line, row.hash);
      log.append_own(connection, row.kind, row.record, line, row.subject);
    }
  }
}

}  // namespace

std::string reissued_line(std::string_view line, const Hash& hash) {
  SKERRY_CHECK(line.ends_with('}'));
  const auto object = parse_json_object(line, {.fractions = true});
  if (object && object->contains("uid")) return std::string(line);
  std::string again(line.substr(0, line.size() - 1));
  return again.append(",\"uid\":\"").append(to_string(store::uid_of_hash(hash))).append("\"}");
}

void renew_epoch(Connection& connection, store::ChangeLog& log, Random& random,
                 const Renewal& renewal, std::optional<EpochId> previous,
                 std::optional<EpochId> id) {
  const std::vector<OwnEpoch> epochs = store::read_own_epochs(connection);
  SKERRY_CHECK(renewal.epoch < epochs.size() && renewal.end <= epochs[renewal.epoch].end);
  store::NewLog next{id ? *id : new_id<EpochId>(random)};
  next.parent = find_parent(connection, epochs, renewal);
  next.previous = previous.value_or(epochs.back().epoch);
  next.why = renewal.why;
  log.start_own(connection, next);
  json::object facts{{"why", renewal.why},
                     {"previous", to_string(*next.previous)},
                     {"parent", to_string(next.parent->epoch)},
                     {"behind", next.parent->seq}};
  if (renewal.lost) declare_lost(connection, log, *renewal.lost, facts);
  store::append_event(connection, log, "new_epoch", facts);
  for (std::size_t i = renewal.epoch; i < epochs.size(); ++i) {
    const std::int64_t upto = i == renewal.epoch ? renewal.end : 0;
    issue_again(connection, log, epochs[i], upto);
    close(connection, epochs[i], upto);
  }
  // The clock's floor was in the rows of the epoch before.
  log.observe(connection, HlcStamp{});
}

}  // namespace skerry::sync
