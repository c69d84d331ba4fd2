#include "tests/simulation/bites.hpp"

#include <fmt/format.h>
#include <functional>
#include <string>
#include <vector>

#include "tests/simulation/world.hpp"

namespace skerry::sim {
namespace {

// A statement that spoils one machine after the run; it must change at least one row.
struct Sabotage {
  const char* what;
  bool at_central;
  const char* sql;
};

const std::vector<Sabotage> sabotages{
    {"central forgot the first row of every site", true, "DELETE FROM ingest WHERE seq=1"},
    {"a decision is not in central's ledger", true,
     "DELETE FROM ingest WHERE seq=(SELECT max(seq) FROM ingest)"},
    {"a value differs at a site", false,
     "UPDATE customer SET name='spoilt' WHERE row=(SELECT min(row) FROM customer)"},
    {"a value differs at central", true,
     "UPDATE customer SET name='spoilt' WHERE row=(SELECT min(row) FROM customer)"},
    {"a record is lost at a site", false,
     "DELETE FROM contact WHERE row=(SELECT min(row) FROM contact)"},
    {"a record is too many at a site", false,
     "UPDATE location SET id=randomblob(16) WHERE row=(SELECT min(row) FROM location)"},
    {"a version differs at a site", false,
     "UPDATE note SET stamps=replace(stamps,'.0.0','.0.0;text=1760000000.1.0.0') WHERE "
     "row=(SELECT min(row) FROM note)"},
    {"a stamp from the future counts", true,
     "UPDATE customer SET stamps=substr(stamps,1,instr(stamps,'.'))||"
     "substr(substr(stamps,instr(stamps,'.')+1),1,instr(substr(stamps,instr(stamps,'.')+1),'.'))||"
     "'0.ffffffffffff0000' WHERE row=(SELECT min(row) FROM customer)"},
    {"an asset stands elsewhere at a site", false,
     "UPDATE asset SET location=randomblob(16) WHERE row=(SELECT min(row) FROM asset)"},
    {"a count beside a customer's name is wrong", true,
     "UPDATE customer SET assets_owned=assets_owned+1 WHERE row=(SELECT min(row) FROM customer)"},
    {"a move is lost at a site", false, "DELETE FROM move WHERE row=(SELECT min(row) FROM move)"},
    {"a custom value differs at central", true,
     "UPDATE asset SET custom='{\"a\":\"spoilt\"}' WHERE row=(SELECT min(row) FROM asset)"},
    {"central lets others see an asset", true,
     "UPDATE asset SET scope_place=randomblob(16) WHERE row=(SELECT min(row) FROM asset)"},
    {"a conflict that was decided is open again", true,
     "UPDATE conflict SET state='open' WHERE id=(SELECT min(id) FROM conflict WHERE "
     "state='resolved')"},
    {"a conflict record keeps another value", true,
     "UPDATE conflict SET loser='{\"value\":\"spoilt\"}' WHERE id=(SELECT min(id) FROM conflict)"},
    {"a conflict record is missing", true,
     "DELETE FROM conflict WHERE id=(SELECT min(id) FROM conflict)"},
    {"a conflict record did not reach a site", false,
     "DELETE FROM conflict WHERE id=(SELECT min(id) FROM conflict)"},
    {"a disposition is another one", true,
     "UPDATE ingest SET disposition='rejected' WHERE disposition='applied' AND seq=1"},
    {"a site was not told a disposition", false, "DELETE FROM row_result"},
    {"a line of the log was rewritten at central", true,
     "UPDATE change_log SET line=replace(line,'e','E') WHERE n=2"},
    {"a line of the log was rewritten at a site", false,
     "UPDATE change_log SET line=line||' ' WHERE n=2"},
    {"a shadow was left behind", false,
     "INSERT INTO shadow(record,kind,doc) VALUES(randomblob(16),'note','{}')"},
    {"a site's rows are pending for ever", false, "UPDATE log SET acked=acked-1 WHERE acked>0"},
    {"a cursor went back", false, "UPDATE upstream SET n=n-1 WHERE n>0"},
    {"central believes in a copy of a site", true,
     "UPDATE site_epoch SET copy_at=1 WHERE number=(SELECT min(number) FROM site_epoch)"},
    {"central believes that a site holds more", true,
     "UPDATE site SET confirmed=confirmed+1000 WHERE confirmed>0"},
};

enum class Outcome { noticed, unnoticed, nothing_to_spoil };

Outcome spoil(std::uint64_t seed, const Sabotage& sabotage, std::string& how) {
  World world(seed, {});
  if (world.any_disasters()) return Outcome::nothing_to_spoil;  // would excuse what is spoilt
  world.run();
  world.settle();
  world.check();
  std::int64_t changed = 0;
  for (std::size_t number = sabotage.at_central ? 0 : 1;
       changed == 0 && number <= (sabotage.at_central ? 0 : world.sites()); ++number) {
    auto work = [&](store::Connection& connection) -> Result<void> {
      connection.execute("DROP TRIGGER IF EXISTS change_log_is_not_edited");
      changed = connection.execute(sabotage.sql);
      return {};
    };
    must(world.site(number).database->write(work), sabotage.what);
  }
  if (changed == 0) return Outcome::nothing_to_spoil;
  try {
    world.note_cursors();
    world.check();
  } catch (const std::exception& violation) {
    how = violation.what();
    return Outcome::noticed;
  }
  return Outcome::unnoticed;
}

}  // namespace

int run_bites(std::uint64_t first, std::uint64_t seeds_max) {
  int missed = 0;
  for (const Sabotage& sabotage : sabotages) {
    Outcome outcome = Outcome::nothing_to_spoil;
    std::string how;
    std::uint64_t seed = first;
    for (; outcome == Outcome::nothing_to_spoil && seed < first + seeds_max; ++seed)
      outcome = spoil(seed, sabotage, how);
    if (outcome == Outcome::noticed) {
      fmt::print("{}: noticed (seed {}): {}\n", sabotage.what, seed - 1, how.substr(0, 120));
      continue;
    }
    fmt::print("{}: {}\n", sabotage.what,
               outcome == Outcome::unnoticed ? fmt::format("NOT NOTICED (seed {})", seed - 1)
                                             : "no seed offers the chance");
    ++missed;
  }
  return missed == 0 ? 0 : 1;
}

}  // namespace skerry::sim
