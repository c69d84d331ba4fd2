// A table of customers becomes records: what `skerry import customers` does, in one process. Beside
// the rate stands the processor time of a row, which other work on the machine does not change.
#include <benchmark/benchmark.h>
#include <ctime>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "bench/machines.hpp"
#include "core/check.hpp"
#include "store/import_records.hpp"

namespace skerry::bench {
namespace {

double seconds_of(clockid_t clock) {
  timespec time{};
  SKERRY_CHECK(::clock_gettime(clock, &time) == 0);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// As bench/daemons.sh makes it.
class Table {
 public:
  explicit Table(std::int64_t rows)
      : file_(::open(folder_.path().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)) {
    SKERRY_CHECK(file_ >= 0);
    std::string text = "name,account_ref,description\n";
    for (std::int64_t i = 1; i <= rows; ++i)
      fmt::format_to(std::back_inserter(text),
                     "Customer {:07} GmbH,C-{:07},Serviced by team {:06}\n", i, i, i % 999'983);
    SKERRY_CHECK(::write(file_, text.data(), text.size()) == std::ssize(text));
  }
  ~Table() { ::close(file_); }
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;
  int file() const { return file_; }

 private:
  TemporaryFolder folder_;
  int file_;
};

void import_csv(benchmark::State& state) {
  const std::int64_t rows = changes_wanted();
  double whole = 0;
  double writer = 0;
  for (auto _ : state) {
    const Table table(rows);
    Machine central(Role::central);
    const sync::Node node = central.node();
    const store::ImportPlace place{node.database, node.log, central.role(), central.random()};
    store::ImportOptions options;
    options.in_transaction = [&](store::Connection&, const store::ImportReport&) {
      writer = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    };
    const double before = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    const Stopwatch watch;
    const auto report = must(
        store::import_records(place, *find_kind("customer"), table.file(), options, bench_author()),
        "importing");
    state.SetIterationTime(watch.seconds());
    SKERRY_CHECK(report.created == rows);
    whole = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - before;
  }
  state.SetItemsProcessed(state.iterations() * rows);
  state.counters["cpu_us_per_row"] = whole * 1e6 / static_cast<double>(rows);
  state.counters["writer_us_per_row"] = writer * 1e6 / static_cast<double>(rows);
}
BENCHMARK(import_csv)->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace skerry::bench
