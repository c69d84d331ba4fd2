// What machines do by themselves: central backs itself up, sites forget what is durable.
#include <fmt/format.h>

#include "store/backups.hpp"
#include "store/prune_log.hpp"
#include "tests/simulation/world.hpp"

namespace skerry::sim {

// Whoever is put back is put back from here: central never loses what it called durable.
void World::back_up_central() {
  backups_[&central()] = central().image();
  auto work = [](store::Connection& connection) -> Result<void> {
    for (const store::DurableHead& head : store::read_durable_heads(connection))
      store::raise_durable(connection, head);
    return {};
  };
  must(central().write(work), "backing up central");
  journal_.happened("central backed up");
  journal_.say([] { return "central is backed up"; });
}

void World::prune(Machine& site) {
  const UnixMillis before = site.clock.wall_ms() - keeping_.between(0, 120) * 1000;
  std::vector<Hash> hashes;
  auto work = [&](store::Connection& connection) -> Result<std::int64_t> {
    {
      auto cursor = connection.query("SELECT hash FROM change_log ORDER BY n");
      while (cursor.next()) hashes.push_back(cursor.hash(0));
    }
    const auto rows_max = static_cast<std::int64_t>(1 + keeping_.below(60));
    return store::prune_log(connection, *site.log, before, rows_max);
  };
  const std::int64_t rows = must(site.write(work), "pruning");
  if (rows == 0) return;
  pruned_.insert(hashes.begin(), hashes.begin() + rows);
  journal_.happened("rows pruned", static_cast<std::uint64_t>(rows));
  journal_.say([&] { return fmt::format("{} forgets {} rows", site.name(), rows); });
}

// A value that no row of the log tells of, as of a bad disk. Once for each site: a second time is
// for a person to mend.
void World::spoil(Machine& site) {
  if (disasters_.any() || spoilt_.contains(&site)) return;
  auto work = [&](store::Connection& connection) -> Result<std::int64_t> {
    return connection.execute(
        "UPDATE customer SET description='spoilt' WHERE stamps NOT LIKE '0.%' AND "
        "row=(SELECT min(row) FROM customer WHERE id NOT IN (SELECT record FROM shadow))");
  };
  if (must(site.write(work), "spoiling") == 0) return;
  spoilt_.insert(&site);
  journal_.happened("record spoilt");
  journal_.say([&] { return fmt::format("a customer is spoilt at {}", site.name()); });
}

void World::keep_house() {
  if (keeping_.percent(7)) back_up_central();
  if (keeping_.percent(2)) spoil(site(1 + keeping_.below(swarm_.sites)));
  if (!keeping_.percent(20)) return;
  const auto all = instances(1 + keeping_.below(swarm_.sites));
  prune(*all[keeping_.below(all.size())]);
}

bool World::has_row(store::Connection& connection, const Acknowledged& row) const {
  auto kept = connection.query(
      "SELECT 1 FROM change_log c JOIN log l ON l.number=c.log WHERE l.epoch=?1 AND c.seq=?2 AND "
      "c.hash=?3",
      row.epoch, row.seq, row.hash);
  if (kept.next()) return true;
  auto gone = connection.query(
      "SELECT 1 FROM pruned p JOIN log l ON l.number=p.log WHERE l.epoch=?1 AND p.seq>=?2",
      row.epoch, row.seq);
  return gone.next() && pruned_.contains(row.hash);
}

}  // namespace skerry::sim
