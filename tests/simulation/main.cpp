// The simulator (SYNC 6.1): `skerry_sim --seeds N --first S [--jobs J]` runs seeds S … S+N−1, each
// a world of its own; `--seed N --verbose` replays one. On a failure the seed comes first.
#include <chrono>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "tests/simulation/bites.hpp"
#include "tests/simulation/world.hpp"

namespace skerry::sim {
namespace {

struct Totals {
  std::uint64_t running = 0;  // the seed a job works on, for when it dies
  std::uint64_t done = 0;
  std::uint64_t failed = 0;
  Counts counts;
};

void add(Counts& to, const Counts& from) {
  to.writes += from.writes;
  to.bundles += from.bundles;
  to.imports += from.imports;
  to.refusals += from.refusals;
}

bool run_seed(std::uint64_t seed, bool verbose, Totals& totals) {
  totals.running = seed;
  ++totals.done;
  try {
    World world(seed, verbose);
    world.run();
    world.settle();
    world.check();
    add(totals.counts, world.counts());
    return true;
  } catch (const std::exception& error) {
    fmt::print("seed {} fails\n  {}\n", seed, error.what());
    std::fflush(stdout);
    ++totals.failed;
    return false;
  }
}

constexpr std::uint64_t failures_max = 5;  // of one job; more would only repeat

// Seeds first + job, first + job + jobs, …
int run_job(const std::vector<std::uint64_t>& seeds, std::size_t job, std::size_t jobs,
            bool verbose, Totals& totals) {
  for (std::size_t i = job; i < seeds.size() && totals.failed < failures_max; i += jobs)
    run_seed(seeds[i], verbose, totals);
  return totals.failed == 0 ? 0 : 1;
}

// One process per job: SQLite and OpenSSL share nothing then, and one that dies names its seed.
int run_all(const std::vector<std::uint64_t>& seeds, std::size_t jobs, bool verbose) {
  const auto started = std::chrono::steady_clock::now();
  template_of(0);
  void* shared = ::mmap(nullptr, sizeof(Totals) * jobs, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return 2;
  auto* totals = static_cast<Totals*>(shared);
  std::vector<pid_t> children;
  for (std::size_t job = 0; job < jobs; ++job) {
    const pid_t child = ::fork();
    if (child == 0) {
      const int status = run_job(seeds, job, jobs, verbose, totals[job]);
      std::fflush(stdout);
      ::_exit(status);
    }
    children.push_back(child);
  }
  bool good = true;
  Totals sum;
  for (std::size_t job = 0; job < jobs; ++job) {
    int status = 0;
    ::waitpid(children[job], &status, 0);
    if (!WIFEXITED(status)) fmt::print("seed {} fails\n  the process died\n", totals[job].running);
    good = good && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    sum.done += totals[job].done;
    sum.failed += totals[job].failed;
    add(sum.counts, totals[job].counts);
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  fmt::print(
      "{} seeds, {} failed, {:.1f} s, {:.0f} seeds/s; {} writes, {} bundles, {} imports, {} "
      "refusals\n",
      sum.done, sum.failed, seconds, static_cast<double>(sum.done) / seconds, sum.counts.writes,
      sum.counts.bundles, sum.counts.imports, sum.counts.refusals);
  return good ? 0 : 1;
}

// Numbers, one a line; '#' begins a remark.
std::vector<std::uint64_t> read_seeds(const std::string& file) {
  std::vector<std::uint64_t> seeds;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const std::string number = line.substr(0, line.find_first_of("# "));
    if (!number.empty()) seeds.push_back(std::stoull(number));
  }
  return seeds;
}

struct Options {
  std::uint64_t count = 1000;
  std::uint64_t first = 1;
  std::optional<std::uint64_t> one;
  std::size_t jobs = 2;
  bool verbose = false;
  bool bites = false;
  std::string known;
};

constexpr const char* usage =
    "skerry_sim [--seeds N] [--first S] [--jobs J] [--known FILE] [--verbose]\n"
    "skerry_sim --seed N --verbose     replays one seed\n"
    "skerry_sim --bites [--seeds N]    spoils runs on purpose: the checks must notice each\n";

// Throws std::invalid_argument for what it does not know.
Options read_options(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    const auto value = [&] {
      if (++i == arguments.size()) throw std::invalid_argument(name + " needs a value");
      return arguments[i];
    };
    if (name == "--seeds")
      options.count = std::stoull(value());
    else if (name == "--first")
      options.first = std::stoull(value());
    else if (name == "--seed")
      options.one = std::stoull(value());
    else if (name == "--jobs")
      options.jobs = std::max<std::size_t>(std::stoul(value()), 1);
    else if (name == "--known")
      options.known = value();
    else if (name == "--verbose")
      options.verbose = true;
    else if (name == "--bites")
      options.bites = true;
    else
      throw std::invalid_argument("there is no option " + name);
  }
  return options;
}

int run(const Options& options) {
  if (options.bites) return run_bites(options.first, options.count);
  std::vector<std::uint64_t> seeds;
  if (options.one) return run_all({*options.one}, 1, options.verbose);
  if (!options.known.empty()) seeds = read_seeds(options.known);
  for (std::uint64_t i = 0; i < options.count; ++i) seeds.push_back(options.first + i);
  return run_all(seeds, options.jobs, options.verbose);
}

}  // namespace
}  // namespace skerry::sim

int main(int argc, char** argv) {
  try {
    return skerry::sim::run(skerry::sim::read_options({argv + 1, argv + argc}));
  } catch (const std::exception& error) {
    fmt::print(stderr, "skerry_sim: {}\n{}", error.what(), skerry::sim::usage);
    return 64;
  }
}
