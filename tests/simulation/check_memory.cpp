// What must hold whatever machines forgot.
#include <fmt/format.h>
#include <map>

#include "crypto/sha256.hpp"
#include "store/quarantine.hpp"
#include "store/sites.hpp"
#include "tests/simulation/checks.hpp"

namespace skerry::sim {
namespace {

using store::Connection;

std::int64_t count(Connection& connection, const char* sql, std::int64_t site) {
  auto cursor = connection.query(sql, site);
  return cursor.next() ? cursor.integer(0) : 0;
}

// I7: one row of the ledger for each decision in central's log.
void check_ledger_is_logged(Connection& central, std::size_t number) {
  const std::string mark =
      fmt::format("{{\"k\":\"dec\",\"site\":\"{}\"", to_string(site_id(number)));
  auto cursor = central.query("SELECT count(*) FROM change_log WHERE substr(line,1,?2)=?1",
                              std::string_view(mark), static_cast<std::int64_t>(mark.size()));
  const std::int64_t logged = cursor.next() ? cursor.integer(0) : 0;
  const std::int64_t taken =
      count(central,
            "SELECT count(*) FROM ingest i JOIN site_epoch e ON e.number=i.epoch WHERE e.site=?1",
            static_cast<std::int64_t>(number));
  if (logged != taken)
    throw Violation("I7", fmt::format("central's log has {} decisions about {} rows of site{}",
                                      logged, taken, number));
}

void check_rows_kept(World& world, Connection& central, Machine& machine) {
  const auto site = *store::find_site(central, site_id(machine.number));
  for (const Acknowledged& row : machine.acknowledged) {
    const ChangeUid uid = store::uid_of_hash(row.hash);
    const bool decided = store::find_issued(central, site, uid).has_value();
    const bool kept =
        central.query("SELECT 1 FROM quarantine WHERE site=?1 AND uid=?2", site.number, uid).next();
    if (!decided && !kept && !world.is_destroyed(uid))
      throw Violation("I2", fmt::format("row {} of epoch {} of {} is nowhere at central", row.seq,
                                        to_string(row.epoch), machine.name()));
    if (decided && kept)
      throw Violation("I2", fmt::format("row {} of epoch {} of {} is decided and in quarantine",
                                        row.seq, to_string(row.epoch), machine.name()));
  }
}

// 4.5: what central decided of an epoch is one branch. Rows that were issued again are left out:
// one that a person adopted stands at the end of an epoch it was not written in.
void check_one_branch(Connection& central, std::size_t number) {
  auto cursor = central.query(
      "SELECT i.epoch,i.seq,i.hash,l.line,i.uid IS NOT NULL FROM ingest i JOIN site_epoch e ON "
      "e.number=i.epoch JOIN change_log l ON l.n=i.n WHERE e.site=?1 ORDER BY i.epoch,i.seq",
      static_cast<std::int64_t>(number));
  constexpr std::string_view member = ",\"row\":";
  std::pair<std::int64_t, std::int64_t> before;
  Hash hash{};
  while (cursor.next()) {
    const std::pair place(cursor.integer(0), cursor.integer(1));
    const bool begins = place.second == 1;
    const bool follows = place == std::pair(before.first, before.second + 1);
    const Hash previous = begins ? Hash{} : hash;
    hash = cursor.hash(2);
    before = cursor.integer(4) == 0 ? place : std::pair<std::int64_t, std::int64_t>();
    std::string_view row = cursor.text(3);
    const std::size_t at = row.find(member);
    if (cursor.integer(4) != 0 || !(begins || follows) || at == row.npos) continue;
    row.remove_prefix(at + member.size());
    row.remove_suffix(1);
    if (row.starts_with('{') && crypto::chain_hash(previous, row) != hash)
      throw Violation("I4", fmt::format("row {} of an epoch of site{} is of another branch",
                                        place.second, number));
  }
}

// A change has one effect: of all places it was issued at, the decision is one.
void check_decided_once(Connection& central, std::size_t number) {
  auto cursor = central.query(
      "SELECT count(DISTINCT i.disposition) FROM ingest i JOIN site_epoch e ON e.number=i.epoch "
      "WHERE e.site=?1 AND i.disposition<>'held' GROUP BY coalesce(i.uid,substr(i.hash,1,16)) "
      "HAVING count(DISTINCT i.disposition)>1",
      static_cast<std::int64_t>(number));
  if (cursor.next())
    throw Violation("I2", fmt::format("a change of site{} is decided twice", number));
}

}  // namespace

void check_changes_kept(World& world) {
  const store::Reader central = world.central().database->read();
  for (std::size_t number = 1; number <= world.sites(); ++number) {
    check_ledger_is_logged(*central, number);
    check_decided_once(*central, number);
    check_one_branch(*central, number);
    for (Machine* machine : world.instances(number)) check_rows_kept(world, *central, *machine);
  }
}

}  // namespace skerry::sim
