#include "tests/unit/sync/reconcile_fixture.hpp"

#include <utility>

#include "core/json_text.hpp"
#include "store/own_epochs.hpp"

namespace skerry::sync {
namespace {

const store::Author author{"uid:0", "api", ""};

}  // namespace

Result<RecordId> Reconcile::create(Machine& at, std::string_view kind, const json::object& body,
                                   std::optional<RecordId> id) {
  now += 1000;
  SKERRY_TRY(const FieldValues values, read_new(*find_kind(kind), body));
  auto work = [&](store::Connection& connection) -> Result<RecordId> {
    store::RecordWriter writer(connection, *at.log, at.role(), at.random);
    return writer.create(*find_kind(kind), id, values, author).map([](const store::Record& record) {
      return record.id;
    });
  };
  return at.database->write(work);
}

Result<void> Reconcile::set(Machine& at, std::string_view kind, const RecordId& id,
                            const json::object& patch, std::optional<RecordId> resolves) {
  now += 1000;
  auto work = [&](store::Connection& connection) -> Result<void> {
    store::RecordWriter writer(connection, *at.log, at.role(), at.random);
    return writer.update(*find_kind(kind), id, patch, std::nullopt, author, resolves)
        .map([](const store::Record&) {});
  };
  return at.database->write(work);
}

Result<void> Reconcile::remove(Machine& at, std::string_view kind, const RecordId& id) {
  now += 1000;
  auto work = [&](store::Connection& connection) -> Result<void> {
    store::RecordWriter writer(connection, *at.log, at.role(), at.random);
    return writer.remove(*find_kind(kind), id, std::nullopt, author);
  };
  return at.database->write(work);
}

void Reconcile::append(Machine& at, std::initializer_list<Change> rows) {
  auto work = [&](store::Connection& connection) -> Result<void> {
    bool continues = false;
    for (Change row : rows) {
      row.hlc = at.log->tick();
      row.continues = continues;
      row.actor = "uid:0";
      row.source = "test";
      const std::string line = encode(row);
      at.log->append_own(connection, row.kind->name, row.record, line);
      continues = true;
    }
    return {};
  };
  ASSERT_TRUE(at.database->write(work));
}

std::vector<Bytes> Reconcile::pack_up(Machine& from) {
  std::vector<Bytes> bundles;
  const auto packed = pack_changes(from.node(), {}, [&](PackedBundle&& piece) -> Result<void> {
    bundles.push_back(sim::read_whole(piece.bundle.file.fd(), piece.bundle.size));
    return {};
  });
  EXPECT_TRUE(packed) << packed.error().detail;
  return bundles;
}

std::vector<Bytes> pack_state_for(sim::Machine& central, sim::Machine& to, bool always) {
  std::vector<Bytes> bundles;
  const auto known = central.read([&](store::Connection& connection) {
    return *store::find_site(connection, sim::site_id(to.number));
  });
  const auto packed =
      pack_state(central.node(), known, {.always = always, .resume = {}},
                 [&](PackedBundle&& piece) -> Result<void> {
                   bundles.push_back(sim::read_whole(piece.bundle.file.fd(), piece.bundle.size));
                   return {};
                 });
  EXPECT_TRUE(packed) << packed.error().detail;
  return bundles;
}

std::vector<Bytes> Reconcile::pack_down(Machine& to) { return pack_state_for(central, to, true); }
std::vector<Bytes> Reconcile::pack_due(Machine& to) {
  const std::int64_t every = std::exchange(central.options.digest_every_ms, 86'400'000);
  std::vector<Bytes> bundles = pack_state_for(central, to, false);
  central.options.digest_every_ms = every;
  return bundles;
}

std::string Reconcile::take(Machine& at, const Bytes& bundle) {
  now += 1000;
  const ImportOutcome outcome = at.import(bundle, "test.skb");
  last_detail = outcome.detail;
  return outcome.outcome;
}

void Reconcile::up(Machine& from) {
  for (const Bytes& bundle : pack_up(from)) {
    const std::string outcome = take(central, bundle);
    // "duplicate": no new rows, only the report of what the site holds.
    EXPECT_TRUE(outcome == "applied" || outcome == "duplicate") << outcome << ' ' << last_detail;
  }
}

void Reconcile::down(Machine& to) {
  for (const Bytes& bundle : pack_down(to)) take(to, bundle);
}

std::string Reconcile::value(Machine& at, std::string_view kind, const RecordId& id,
                             std::string_view field) {
  return at.read([&](store::Connection& connection) -> std::string {
    const auto record = store::find_record(connection, *find_kind(kind), id);
    if (!record) return "-";
    return to_json_text(record->values[static_cast<std::size_t>(record->kind->find_field(field))]);
  });
}

std::vector<store::Conflict> Reconcile::conflicts(Machine& at) {
  return at.read(
      [](store::Connection& connection) { return store::list_conflicts(connection, {}); });
}

std::string Reconcile::told(Machine& at, std::int64_t seq) {
  return at.read([&](store::Connection& connection) -> std::string {
    const auto result = store::find_row_result(connection, at.log->own().number, seq);
    return result ? std::string(to_text(result->disposition)) : "applied";
  });
}

std::string Reconcile::decided(Machine& about, std::int64_t seq) {
  return central.read([&](store::Connection& connection) -> std::string {
    const auto epoch = store::find_epoch(connection, about.log->own().epoch);
    const auto row = epoch ? store::find_ingested(connection, epoch->number, seq) : std::nullopt;
    return row ? std::string(to_text(row->disposition)) : "-";
  });
}

store::Upstream Reconcile::upstream(Machine& at) {
  return at.read([](store::Connection& connection) { return *store::read_upstream(connection); });
}

std::int64_t Reconcile::acked(Machine& at) {
  return at.read([](store::Connection& connection) {
    return store::read_own_epochs(connection).back().acked;
  });
}

void Reconcile::see_only(Machine& at, std::initializer_list<RecordId> customers) {
  now += 1000;
  json::array ids;
  for (const RecordId& customer : customers) ids.push_back(json::string(to_string(customer)));
  const auto set = sim::set_scope(central, at.number, ids);
  ASSERT_TRUE(set) << set.error().detail;
}

void Reconcile::see_all(Machine& at) {
  now += 1000;
  ASSERT_TRUE(sim::set_scope(central, at.number, "all"));
}

}  // namespace skerry::sync
