#include "sync/backup/cost.hpp"

#include <algorithm>

#include "core/json_member.hpp"
#include "core/strict_json.hpp"
#include "store/log_event.hpp"
#include "store/lost_ranges.hpp"
#include "store/own_epochs.hpp"
#include "store/prune_log.hpp"

namespace skerry::sync {
namespace {

using store::Connection;

std::int64_t log_number(Connection& connection, const EpochId& epoch) {
  auto cursor = connection.query("SELECT number FROM log WHERE epoch=?1", epoch);
  return cursor.next() ? cursor.integer(0) : 0;
}

std::int64_t end_of(Connection& connection, std::int64_t log) {
  auto cursor = connection.query("SELECT max(seq) FROM change_log WHERE log=?1", log);
  const std::int64_t last = cursor.next() ? cursor.integer(0) : 0;
  return std::max(last, store::read_chain_begin(connection, log).seq);
}

// A hash stands for all rows before it, so where two chains part can be halved. What was pruned is
// central's, and costs nothing.
std::int64_t shared_rows(Connection& machine, std::int64_t log, std::int64_t end,
                         Connection& backup, std::int64_t its_log) {
  if (its_log == 0) return 0;
  const auto same = [&](std::int64_t seq) {
    const auto hash = store::own_hash_at(machine, log, seq);
    return hash && hash == store::own_hash_at(backup, its_log, seq);
  };
  std::int64_t most = std::min(end, end_of(backup, its_log));
  const std::int64_t pruned = std::max(store::read_chain_begin(machine, log).seq,
                                       store::read_chain_begin(backup, its_log).seq);
  std::int64_t least = std::min(pruned, most);
  while (least < most) {
    const std::int64_t middle = least + (most - least + 1) / 2;
    same(middle) ? least = middle : most = middle - 1;
  }
  return least;
}

std::vector<SiteId> active_sites(Connection& machine) {
  std::vector<SiteId> sites;
  auto cursor = machine.query("SELECT id FROM site WHERE status='active'");
  while (cursor.next()) sites.push_back(cursor.id<SiteId>(0));
  return sites;
}

// Central's decision about a row of one of the sites.
bool is_of_site(std::string_view line, const std::vector<SiteId>& sites) {
  constexpr std::size_t id_digits = 36;
  for (const std::string_view start : {R"({"k":"dec","site":")", R"({"k":"rel","site":")"}) {
    if (!line.starts_with(start)) continue;
    const auto site = parse_id<SiteId>(line.substr(start.size(), id_digits));
    return site && std::find(sites.begin(), sites.end(), *site) != sites.end();
  }
  return false;
}

// Of the machine's own log: what a site sends again, or what the program noted by itself.
bool is_harmless(std::string_view line, const std::vector<SiteId>& sites) {
  if (!store::is_event(line)) return is_of_site(line, sites);
  const auto event = parse_json_object(line);
  return event && text_of(*event, "by") == store::own_initiative().actor;
}

void count_rows(Connection& machine, const SharedLog& log, std::int64_t acked, bool own,
                RestoreCost& cost) {
  const std::vector<SiteId> sites = active_sites(machine);
  auto cursor = machine.query(
      "SELECT seq,line,kind,recorded_at FROM change_log WHERE log=?1 AND seq>?2 ORDER BY seq",
      log.log, log.shared);
  while (cursor.next()) {
    if (own && !is_harmless(cursor.text(1), sites)) cost.harmless = false;
    if (own && store::is_event(cursor.text(1))) continue;
    ++cost.rows;
    if (!own || !is_own_change(cursor.text(1))) {
      ++cost.of_others;
      continue;
    }
    ++cost.own;
    if (cursor.integer(0) <= acked) ++cost.decided;
    const UnixMillis at = cursor.integer(3);
    cost.since = cost.own == 1 ? at : std::min(cost.since, at);
    cost.until = std::max(cost.until, at);
    const std::string kind(cursor.text(2));
    const auto known = std::find_if(cost.kinds.begin(), cost.kinds.end(),
                                    [&](const auto& each) { return each.first == kind; });
    if (known == cost.kinds.end())
      cost.kinds.emplace_back(kind, 1);
    else
      ++known->second;
  }
}

}  // namespace

bool is_own_change(std::string_view line) { return line.starts_with(R"({"k":"chg",)"); }

RestoreCost restore_cost(Connection& machine, Connection& backup) {
  struct Log {
    SharedLog shared;
    std::int64_t acked = 0;
    bool own = false;
  };
  std::vector<Log> logs;
  {
    auto cursor = machine.query("SELECT number,epoch,purpose,acked FROM log ORDER BY number");
    while (cursor.next())
      logs.push_back({{cursor.integer(0), cursor.id<EpochId>(1), 0, 0},
                      cursor.integer(3),
                      cursor.text(2) == "own"});
  }
  RestoreCost cost;
  for (Log& log : logs) {
    log.shared.end = end_of(machine, log.shared.log);
    log.shared.shared = shared_rows(machine, log.shared.log, log.shared.end, backup,
                                    log_number(backup, log.shared.epoch));
    count_rows(machine, log.shared, log.acked, log.own, cost);
    cost.logs.push_back(log.shared);
  }
  return cost;
}

void note_losses(Connection& machine, const RestoreCost& cost, Connection& backup, UnixMillis now) {
  for (const store::OwnEpoch& own : store::read_own_epochs(machine))
    for (const SharedLog& log : cost.logs)
      if (!cost.harmless && log.epoch == own.epoch && log.shared < log.end)
        store::note_lost(backup, {own.epoch, log.shared + 1, log.end, own.acked, now});
  for (const store::LostRange& range : store::list_lost(machine))
    if (!range.told) store::note_lost(backup, range);
}

}  // namespace skerry::sync
