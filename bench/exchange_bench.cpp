// Whole pieces of work on many changes, and the limit that each is measured by: inserting the same
// rows with bare SQLite. One scenario is made per process and shared: a site with the changes, the
// bundles it packed, and central before and after it took them in.
#include <benchmark/benchmark.h>
#include <optional>

#include "bench/machines.hpp"
#include "core/check.hpp"

namespace skerry::bench {
namespace {

// What a bare program would insert: the columns of a record, of its row in the log, and of what is
// remembered of the site's row.
struct BareRow {
  RecordId id;
  std::int64_t revision, created_at, updated_at, version;
  std::string stamps, name, account_ref, description, roles;
  Hash hash;
  std::string line;
};

std::vector<BareRow> read_rows(Machine& machine) {
  std::vector<BareRow> rows;
  const store::Reader reader = machine.read();
  auto cursor = reader->query(
      "SELECT c.id,c.revision,c.created_at,c.updated_at,c.version,c.stamps,c.name,c.account_ref,"
      "c.description,c.roles,l.hash,l.line FROM change_log l JOIN customer c ON c.id=l.record "
      "ORDER BY l.n");
  while (cursor.next())
    rows.push_back({cursor.id<RecordId>(0), cursor.integer(1), cursor.integer(2), cursor.integer(3),
                    cursor.integer(4), std::string(cursor.text(5)), std::string(cursor.text(6)),
                    std::string(cursor.text(7)), std::string(cursor.text(8)),
                    std::string(cursor.text(9)), cursor.hash(10), std::string(cursor.text(11))});
  return rows;
}

struct Scenario {
  Pair pair;
  std::optional<Machine> merged;  // central with the site's changes
  std::vector<sync::PackedBundle> up;
  std::vector<sync::PackedBundle> down;
  std::vector<BareRow> rows;  // those of `merged`

  Scenario() {
    create_customers(pair.site, changes_wanted());
    up = pack_changes(pair.site);
    merged.emplace(pair.central);
    import_all(*merged, up);
    down = pack_state(*merged);
    rows = read_rows(*merged);
    SKERRY_CHECK(std::ssize(rows) == changes_wanted());
  }
};

Scenario& scenario() {
  static Scenario made;
  return made;
}

// One timed run per repetition, the preparation outside of the time.
template <class Work>
void measure(benchmark::State& state, Work work) {
  for (auto _ : state) state.SetIterationTime(work());
  state.SetItemsProcessed(state.iterations() * changes_wanted());
}

void configure(benchmark::internal::Benchmark* one) {
  one->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);
}

// The same rows in tables with the same indexes by prepared statements in one durable transaction;
// `search` adds the full-text index that every record of ours is in.
double insert_bare(bool search) {
  const auto& rows = scenario().rows;
  const TemporaryFolder folder;
  (void)must(store::Database::open(folder.path()), "making the tables");  // closed at once
  const auto connection =
      store::Connection::open(folder.path() / "skerry.db", store::Connection::Mode::read_write);
  const Stopwatch watch;
  connection->execute("BEGIN IMMEDIATE");
  std::int64_t n = 0;
  for (const BareRow& row : rows) {
    ++n;
    connection->execute(
        "INSERT INTO customer(id,revision,created_at,updated_at,version,scope_customer,stamps,name,"
        "account_ref,description,roles) VALUES(?1,?2,?3,?4,?5,?1,?6,?7,?8,?9,?10)",
        row.id, row.revision, row.created_at, row.updated_at, row.version,
        std::string_view(row.stamps), std::string_view(row.name), std::string_view(row.account_ref),
        std::string_view(row.description), std::string_view(row.roles));
    connection->execute(
        "INSERT INTO change_log(n,log,seq,hash,kind,record,recorded_at,line,label,customer,"
        "seal) VALUES(?1,1,?1,?2,'customer',?3,?4,?5,?6,?3,?2)",
        n, row.hash, row.id, row.created_at, std::string_view(row.line),
        std::string_view(row.name));
    connection->execute(
        "INSERT INTO ingest(epoch,seq,hash,n,disposition,detail) VALUES(1,?1,?2,?1,'applied','')",
        n, row.hash);
    if (search)
      connection->execute("INSERT INTO customer_search(rowid,text) VALUES(?1,?2||' '||?3)", n,
                          std::string_view(row.name), std::string_view(row.account_ref));
  }
  connection->execute("COMMIT");
  return watch.seconds();
}

void sqlite_insert(benchmark::State& state) {
  measure(state, [] { return insert_bare(false); });
}
BENCHMARK(sqlite_insert)->Apply(configure);

void sqlite_insert_with_search(benchmark::State& state) {
  measure(state, [] { return insert_bare(true); });
}
BENCHMARK(sqlite_insert_with_search)->Apply(configure);

// As an import of a table does it: one job.
void create_records(benchmark::State& state) {
  measure(state, [] {
    Machine central(Role::central);
    std::vector<FieldValues> values;
    for (std::int64_t i = 0; i < changes_wanted(); ++i) values.push_back(customer_values(i));
    const store::Author author = bench_author();
    const Stopwatch watch;
    central.write([&](store::Connection& connection) -> Result<void> {
      store::RecordWriter writer(connection, central.log(), central.role(), central.random());
      for (FieldValues& one : values)
        SKERRY_TRY_VOID(
            writer.create(*find_kind("customer"), std::nullopt, std::move(one), author));
      return {};
    });
    return watch.seconds();
  });
}
BENCHMARK(create_records)->Apply(configure);

// Read, serialise, compress, encrypt, sign.
void export_changes(benchmark::State& state) {
  std::uint64_t bytes = 0;
  measure(state, [&] {
    Machine& site = scenario().pair.site;
    const Stopwatch watch;
    const auto bundles = pack_changes(site);
    const double seconds = watch.seconds();
    bytes = 0;
    for (const auto& bundle : bundles) bytes += bundle.bundle.size;
    return seconds;
  });
  state.counters["bytes_per_change"] =
      static_cast<double>(bytes) / static_cast<double>(changes_wanted());
}
BENCHMARK(export_changes)->Apply(configure);

// Verify, decrypt, decompress, decide, apply, log, commit: what take_changes does, with everything
// around it.
void import_changes(benchmark::State& state) {
  measure(state, [] {
    Machine central(scenario().pair.central);
    const Stopwatch watch;
    import_all(central, scenario().up);
    return watch.seconds();
  });
}
BENCHMARK(import_changes)->Apply(configure);

void export_state(benchmark::State& state) {
  measure(state, [] {
    Machine& central = *scenario().merged;
    const Stopwatch watch;
    (void)pack_state(central);
    return watch.seconds();
  });
}
BENCHMARK(export_state)->Apply(configure);

// At the site: central's state of the same records, and the confirmation of its own rows.
void import_state(benchmark::State& state) {
  measure(state, [] {
    Machine site(scenario().pair.site);
    const Stopwatch watch;
    import_all(site, scenario().down);
    return watch.seconds();
  });
}
BENCHMARK(import_state)->Apply(configure);

}  // namespace
}  // namespace skerry::bench

BENCHMARK_MAIN();
