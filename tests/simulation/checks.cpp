#include "tests/simulation/checks.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

#include "core/json_member.hpp"
#include "core/json_text.hpp"
#include "store/conflicts.hpp"
#include "store/own_epochs.hpp"
#include "store/prune_log.hpp"
#include "store/site_scope.hpp"
#include "sync/digest.hpp"
#include "sync/positions.hpp"
#include "tests/simulation/oracle.hpp"

namespace skerry::sim {
namespace {

using store::Connection;

// What is compared: values, each field's version of central, derived columns, when it was made.
std::string describe(const store::Record& record) {
  std::string text = fmt::format("made={} ", record.created_at);
  for (std::size_t i = 0; i < record.derived.size(); ++i)
    text += fmt::format("{}={} ", record.kind->derived[i].name, to_json_text(record.derived[i]));
  for (std::size_t i = 0; i < record.values.size(); ++i) {
    const std::string_view name = record.kind->fields[i].name;
    const Version version = record.stamps.of(name).version;
    text +=
        fmt::format("{}={}@{}.{} ", name, to_json_text(record.values[i]), version.ord, version.n);
  }
  return text;
}

using View = std::map<std::string, std::string>;

View records_in_scope(Connection& connection, const store::Site* site) {
  View view;
  for (const Kind& kind : all_kinds())
    for (const store::Record& record : records_of(connection, kind))
      if (!site || store::in_scope(connection, *site, *record.kind, record.scope))
        view[fmt::format("{} {}", kind.name, to_string(record.id))] = describe(record);
  return view;
}

// `limited`: of who else has a key a site that does not see all may not have been told.
View conflicts_in_scope(Connection& connection, const store::Site* site, bool limited) {
  View view;
  store::ConflictQuery all;
  all.limit = 1'000'000;
  for (store::Conflict& conflict : store::list_conflicts(connection, all)) {
    if (site && !store::in_scope(connection, *site, conflict.scope_customer)) continue;
    if (limited && conflict.type == store::ConflictType::duplicate_key)
      conflict.winner = {{"value", member_of(conflict.winner, "value")}};
    if (limited && conflict.type == store::ConflictType::in_use) conflict.winner.erase("referrer");
    json::object object = store::to_json(conflict);
    view[to_string(conflict.id)] = to_json_text(object);
  }
  return view;
}

std::string difference(const View& at_site, const View& at_central) {
  for (const auto& [id, text] : at_central) {
    const auto found = at_site.find(id);
    if (found == at_site.end()) return fmt::format("{} is missing; central has {}", id, text);
    if (found->second != text)
      return fmt::format("{}\n    here:    {}\n    central: {}", id, found->second, text);
  }
  for (const auto& [id, text] : at_site)
    if (!at_central.contains(id)) return fmt::format("{} is not central's: {}", id, text);
  return {};
}

std::int64_t count(Connection& connection, const std::string& sql) {
  auto cursor = connection.query(sql);
  return cursor.next() ? cursor.integer(0) : 0;
}

std::string site_difference(Machine& central, Machine& site) {
  const store::Reader at_central = central.database->read();
  const store::Reader at_site = site.database->read();
  const auto known = *store::find_site(*at_central, site_id(site.number));
  if (const auto pending = store::count_pending(*at_site); pending.rows > 0)
    return fmt::format("{} rows are pending", pending.rows);
  if (const auto shadows = count(*at_site, "SELECT count(*) FROM shadow"))
    return fmt::format("{} shadows are left", shadows);
  if (auto text =
          difference(records_in_scope(*at_site, nullptr), records_in_scope(*at_central, &known));
      !text.empty())
    return text;
  if (auto text = difference(conflicts_in_scope(*at_site, nullptr, !known.sees_all),
                             conflicts_in_scope(*at_central, &known, !known.sees_all));
      !text.empty())
    return text;
  const bool same = sync::digest_records(*at_site, std::nullopt).sha256 ==
                    sync::digest_records(*at_central, known).sha256;
  return same ? "" : "the records agree, their digests differ";
}

struct Told {
  std::string disposition;
  std::string detail;
};

// The disposition of every row of a site in central's ledger, each exactly once.
std::map<std::int64_t, Told> ledger(Connection& connection, Machine& site) {
  const std::int64_t head = site.log->own().seq;
  const auto epoch = store::find_epoch(connection, site.log->own().epoch);
  std::map<std::int64_t, Told> rows;
  if (!epoch) {
    if (head > 0) throw Violation("I2", site.name() + " is unknown at central");
    return rows;
  }
  auto cursor = connection.query(
      "SELECT seq,disposition,detail FROM ingest WHERE epoch=?1 ORDER BY seq", epoch->number);
  while (cursor.next())
    rows[cursor.integer(0)] = {std::string(cursor.text(1)), std::string(cursor.text(2))};
  if (static_cast<std::int64_t>(rows.size()) != head || (head > 0 && rows.rbegin()->first != head))
    throw Violation("I2", fmt::format("central decided {} rows of {}, which wrote {}", rows.size(),
                                      site.name(), head));
  return rows;
}

void check_decisions_logged(Connection& connection, Machine& site, std::size_t rows) {
  const std::string mark =
      fmt::format("{{\"k\":\"dec\",\"site\":\"{}\"", to_string(site_id(site.number)));
  auto cursor = connection.query("SELECT count(*) FROM change_log WHERE substr(line,1,?2)=?1",
                                 std::string_view(mark), static_cast<std::int64_t>(mark.size()));
  const std::int64_t logged = cursor.next() ? cursor.integer(0) : 0;
  if (logged != static_cast<std::int64_t>(rows))
    throw Violation("I2", fmt::format("central's log has {} decisions about the {} rows of {}",
                                      logged, rows, site.name()));
}

void check_told(Machine& site, const std::map<std::int64_t, Told>& rows) {
  site.read([&](Connection& connection) {
    const std::int64_t pruned = store::read_chain_begin(connection, site.log->own().number).seq;
    for (const auto& [seq, told] : rows) {
      if (seq <= pruned) continue;
      const auto result = store::find_row_result(connection, site.log->own().number, seq);
      const std::string here =
          result ? std::string(to_text(result->disposition)) : std::string("applied");
      if (here != told.disposition)
        throw Violation("I2", fmt::format("row {} of {} is {} at central, the site was told {}",
                                          seq, site.name(), told.disposition, here));
    }
  });
}

void check_rows_unchanged(const World& world, Machine& machine, Connection& own,
                          Connection* central) {
  for (const Acknowledged& row : machine.acknowledged) {
    if (!world.has_row(own, row))
      throw Violation(
          "I4", fmt::format("row {} of {} is not what was acknowledged", row.seq, machine.name()));
    if (!central) continue;
    const auto epoch = store::find_epoch(*central, row.epoch);
    const auto taken =
        epoch ? store::find_ingested(*central, epoch->number, row.seq) : std::nullopt;
    if (!taken || taken->hash != row.hash)
      throw Violation("I4",
                      fmt::format("central holds another row {} of {}", row.seq, machine.name()));
  }
}

// H10: a row that waits for a record waits for one that is not there.
std::string waits_in_vain(Connection& central) {
  auto cursor = central.query(
      "SELECT i.detail FROM held h JOIN ingest i ON i.epoch=h.epoch AND i.seq=h.seq WHERE i.detail "
      "LIKE '% names %, which is not here'");
  while (cursor.next()) {
    const std::string detail(cursor.text(0));
    const std::size_t named = detail.find(" names ") + std::string_view(" names ").size();
    const auto id = parse_id<RecordId>(detail.substr(named, detail.find(',') - named));
    if (!id) throw Violation("harness", "what a row waits for: " + detail);
    for (const Kind& kind : all_kinds())
      if (store::find_record(central, kind, *id)) return "a row waits though " + detail;
  }
  return {};
}

}  // namespace

std::vector<store::Record> records_of(Connection& connection, const Kind& kind) {
  std::vector<store::Record> records;
  auto cursor = connection.query(
      fmt::format("SELECT {} FROM {} ORDER BY id", store::select_columns(kind), kind.name));
  while (cursor.next()) records.push_back(store::read_record(cursor, kind));
  return records;
}

std::string first_difference(World& world) {
  for (std::size_t number = 1; number <= world.sites(); ++number) {
    Machine* site = world.active_instance(number);
    const std::string text =
        site ? site_difference(world.central(), *site) : "no machine is the site";
    if (!text.empty()) return fmt::format("site{}: {}", number, text);
    // Twins are one machine until one of them writes.
    const Hash head = site->log->own().hash;
    for (const Machine* machine : world.instances(number))
      if (!machine->log->is_copy() && machine->log->own().hash != head)
        return fmt::format("two machines write site{}", number);
  }
  return world.central().read(waits_in_vain);
}

void check_views(World& world) {
  const std::string text = first_difference(world);
  if (!text.empty()) throw Violation("I1 after four clean exchanges", text);
}

void check_ledger(World& world) {
  const store::Reader central = world.central().database->read();
  for (std::size_t number = 1; number <= world.sites(); ++number) {
    Machine& site = world.site(number);
    const auto rows = ledger(*central, site);
    check_decisions_logged(*central, site, rows.size());
    check_told(site, rows);
  }
}

void check_chains(World& world) {
  const store::Reader central = world.central().database->read();
  for (std::size_t number = 0; number <= world.sites(); ++number) {
    for (Machine* machine : world.instances(number)) {
      const store::Reader own = machine->database->read();
      const auto audit = store::verify_chains(*own, {});
      if (!audit) throw Violation("I4", machine->name() + ": " + audit.error().detail);
      const bool at_central = number > 0 && !world.any_disasters();
      check_rows_unchanged(world, *machine, *own, at_central ? &*central : nullptr);
    }
  }
}

void check_copies(World& world) {
  const store::Reader central = world.central().database->read();
  for (std::size_t number = 1; number <= world.sites(); ++number) {
    if (world.was_doubled(number)) continue;
    const auto site = *store::find_site(*central, site_id(number));
    const auto epochs = store::list_epochs(*central, site, sync::acks_max);
    const bool alarm = std::any_of(epochs.begin(), epochs.end(),
                                   [](const auto& epoch) { return epoch.copy_at.has_value(); });
    if (alarm || world.site(number).log->is_copy())
      throw Violation("H1", fmt::format("there is no copy of site{}, and {} believes in one",
                                        number, alarm ? "central" : "it"));
  }
}

void check_derived(World& world) {
  for (std::size_t number = 0; number <= world.sites(); ++number) check_derived(world.site(number));
}

void count_outcomes(World& world) {
  const store::Reader central = world.central().database->read();
  Journal& journal = world.journal();
  const auto count_each = [&](const std::string& prefix, const char* sql) {
    auto cursor = central->query(sql);
    while (cursor.next())
      journal.happened(prefix + std::string(cursor.text(0)),
                       static_cast<std::uint64_t>(cursor.integer(1)));
  };
  count_each("decided ", "SELECT disposition,count(*) FROM ingest GROUP BY disposition");
  count_each("conflict ", "SELECT type,count(*) FROM conflict GROUP BY type");
  count_each("moved to another place", "SELECT '',count(*) FROM scope_move");
  count_each("rejected together",
             "SELECT '',count(*) FROM ingest WHERE detail LIKE 'row % of its transaction%'");
}

void check_against_oracle(World& world) {
  const store::Reader reader = world.central().database->read();
  Oracle oracle;
  oracle.replay(*reader);
  oracle.compare(*reader);
  // A site that got pieces of more than one packing may have seen more than its position says.
  if (world.swarm().small_bundles || world.any_disasters()) return;
  for (std::size_t number = 1; number <= world.sites(); ++number)
    for (const Acknowledged& row : world.site(number).acknowledged)
      oracle.check_bases(number, row.epoch, row.seq, row.seen_n);
}

}  // namespace skerry::sim
