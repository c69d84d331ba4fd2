// What must hold of seats: at every step, and in the end.
#include <algorithm>
#include <fmt/format.h>

#include "licensing/usage_report.hpp"
#include "tests/simulation/checks.hpp"
#include "tests/simulation/seat_world.hpp"

namespace skerry::sim {

// No seat in two places: where nobody forgot anything, no more leases live than were sold. No
// acknowledged seat is lost, and none is cut short by a clock or a crash: who was told of a lease
// that has not ended is known.
void SeatWorld::check() {
  std::int64_t living = 0;
  for (const Application& application : applications_) {
    if (!holds(application)) continue;
    ++living;
    if (application.place->torn) continue;
    const auto known = application.place->desk->look(application.id, caller(application, Hash{}));
    if (known) continue;
    throw Violation(
        "no live lease cut short",
        fmt::format("the seat of {} is gone {} s before its end: {}", application.machine,
                    (application.live_until - now_) / 1000, known.error().why));
  }
  if (!any_torn_ && living > sold_)
    throw Violation("no seat in two places",
                    fmt::format("{} leases live, {} seats were sold", living, sold_));
  check_sum();
}

// I10, with central's own use (ADR 0055).
void SeatWorld::check_sum() {
  Machine& central = *places_[0]->machine;
  check_allocations(central);
  const store::Reader reader = central.database->read();
  const UnixMillis now = central.clock.wall_ms();
  auto row = reader->query(
      "SELECT max(iif(?1<until,seats,0),iif(confirmed<issue AND ?1<coalesce(held_until,0),"
      "held_seats,0)),(SELECT count(*) FROM seat) FROM allocation",
      now);
  if (!row.next()) return;
  if (const std::int64_t taken = row.integer(0) + row.integer(1); taken > sold_)
    throw Violation("I10", fmt::format("{} are with the site and {} in use at central, of {}",
                                       row.integer(0), row.integer(1), sold_));
}

std::vector<std::string> SeatWorld::facts_of(Machine& machine) {
  const store::Reader reader = machine.database->read();
  std::vector<std::string> activations;
  auto rows = reader->query(
      "SELECT activation||' '||at FROM usage_fact WHERE what='activation' ORDER BY 1");
  while (rows.next()) activations.emplace_back(rows.text(0));
  return activations;
}

// Central knows of each seat that was given, once, and both sides read the same report.
void SeatWorld::check_end() {
  upkeep(*places_[0]);
  Machine& central = *places_[0]->machine;
  const std::vector<std::string> known = facts_of(central);
  if (const auto twice = std::adjacent_find(known.begin(), known.end()); twice != known.end())
    throw Violation("a fact counts once", *twice + " was given twice, by what central knows");
  if (any_torn_) return;
  std::set<std::string> heard_of;  // a seat that ended as surplus may be given again
  for (const std::string& each : known) heard_of.insert(each.substr(0, each.find(' ')));
  std::set<std::string> given;
  for (const RecordId& id : given_) given.insert(to_string(id));
  if (heard_of != given)
    throw Violation("facts", fmt::format("{} seats were given, central knows of {}", given.size(),
                                         heard_of.size()));
  const auto report = [](Machine& machine) {
    const store::Reader reader = machine.database->read();
    licensing::UsageReport lines(*reader, {{}, 0, 4'000'000'000'000, licensing::ReportBy::total},
                                 licensing::ReportFormat::ndjson);
    std::string site_lines;
    for (std::string line; lines.next(line); line.clear())
      if (line.find("\"site\":\"central\"") == std::string::npos) site_lines += line;
    return site_lines;
  };
  if (const std::string here = report(*places_[1]->machine); here != report(central))
    throw Violation("reports", "the site reads another report than central:\n" + here);
}

}  // namespace skerry::sim
