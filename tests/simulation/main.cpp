// The simulator (SYNC 6.1): `skerry_sim --seeds N --first S [--jobs J]` runs seeds S … S+N−1, each
// a world of its own; `--seed N` runs one and says what it does. A seed that fails is run again
// aloud, so that its steps stand above what it broke.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "tests/simulation/bites.hpp"
#include "tests/simulation/model.hpp"
#include "tests/simulation/seat_world.hpp"
#include "tests/simulation/world.hpp"

namespace skerry::sim {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t failures_max = 5;  // more would only repeat
// From so many seeds on, an event that never happened is a hole in the simulation.
constexpr std::size_t seeds_for_all_events = 20'000;
constexpr std::uint64_t seeds_between_replays = 50;
constexpr std::chrono::seconds between_reports(30);

// What one process does, where the others see it.
struct Job {
  std::uint64_t running = 0;  // the seed it works on, for when it dies
  std::uint64_t failed = 0;
  std::array<std::uint64_t, failures_max> red{};
  Counts counts;
};
struct Shared {
  std::atomic<std::size_t> next{0};  // position of the first seed nobody took
  std::atomic<std::uint64_t> failed{0};
};

struct Options {
  std::uint64_t count = 1000;
  std::uint64_t first = 1;
  std::optional<std::uint64_t> one;
  std::size_t jobs = 2;
  std::uint64_t failures = failures_max;  // and no more seeds
  bool bites = false;
  bool disasters = false;
  bool model = false;
  std::string known;
};

// The world of records.
Hash run_world(std::uint64_t seed, Manner manner, Counts& counts) {
  World world(seed, manner);
  world.run();
  world.settle();
  world.check();
  counts.add(world.journal().counts);
  return world.digest();
}

// Prints what broke.
bool run_seed(std::uint64_t seed, Manner manner, Counts& counts) {
  try {
    if (!manner.disasters) SeatWorld(seed, manner.aloud).run();  // it has none
    const Hash end = run_world(seed, manner, counts);
    Counts ignored;
    manner.aloud = false;
    if (seed % seeds_between_replays == 0 && run_world(seed, manner, ignored) != end)
      throw Violation("replay", "the same seed ended in another state");
    return true;
  } catch (const std::exception& error) {
    fmt::print("seed {} fails\n  {}\n", seed, error.what());
    std::fflush(stdout);
    return false;
  }
}

// As many seeds may fail, of all jobs.
int run_job(const std::vector<std::uint64_t>& seeds, std::uint64_t failures, Manner manner,
            Shared& shared, Job& job) {
  while (shared.failed < failures && job.failed < failures_max) {
    const std::size_t at = shared.next.fetch_add(1);
    if (at >= seeds.size()) break;
    job.running = seeds[at];
    if (run_seed(seeds[at], manner, job.counts)) continue;
    job.red[job.failed++] = seeds[at];
    ++shared.failed;
  }
  return job.failed == 0 ? 0 : 1;
}

// Nothing is shared by SQLite and OpenSSL then, and a seed that dies takes no other along.
template <class Work>
pid_t in_child(Work work) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child != 0) return child;
  const int status = work();
  std::fflush(stdout);
  ::_exit(status);
}

template <class T>
T* new_shared(std::size_t count) {
  void* memory =
      ::mmap(nullptr, sizeof(T) * count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::runtime_error("no memory to share");
  return new (memory) T[count];
}

std::string rate(std::size_t done, Clock::time_point started) {
  const double seconds = std::chrono::duration<double>(Clock::now() - started).count();
  rusage used;
  ::getrusage(RUSAGE_CHILDREN, &used);
  const auto ms = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return fmt::format("{:.1f} s, {:.1f} seeds/s, {:.1f} ms of processor a seed", seconds,
                     static_cast<double>(done) / seconds,
                     (ms(used.ru_utime) + ms(used.ru_stime)) / static_cast<double>(done));
}

// Waits for the jobs; reports now and then. The seeds at which one died come back.
std::vector<std::uint64_t> wait_for(std::vector<pid_t> children, const Job* jobs,
                                    const Shared& shared, std::size_t seeds) {
  std::vector<std::uint64_t> died;
  Clock::time_point reported = Clock::now();
  const Clock::time_point started = reported;
  for (std::size_t left = children.size(); left > 0;) {
    int status = 0;
    const pid_t child = ::waitpid(-1, &status, WNOHANG);
    if (child > 0) {
      --left;
      for (std::size_t job = 0; job < children.size(); ++job)
        if (children[job] == child && !WIFEXITED(status)) died.push_back(jobs[job].running);
      continue;
    }
    ::usleep(20'000);
    if (Clock::now() - reported < between_reports) continue;
    reported = Clock::now();
    const auto done = std::min(shared.next.load(), seeds);
    fmt::print(
        "{} of {} seeds, {:.1f} seeds/s\n", done, seeds,
        static_cast<double>(done) / std::chrono::duration<double>(reported - started).count());
    std::fflush(stdout);
  }
  return died;
}

void show_again(std::uint64_t seed, Manner manner) {
  fmt::print("the steps of seed {}:\n", seed);
  const pid_t child = in_child([&] {
    Counts ignored;
    manner.aloud = true;
    return run_seed(seed, manner, ignored) ? 0 : 1;
  });
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status))
    fmt::print("seed {} fails\n  the process died of signal {}\n", seed, WTERMSIG(status));
  fmt::print("again: ./dev sim --seed {}{}\n", seed, manner.disasters ? " --disasters" : "");
}

int run_all(const std::vector<std::uint64_t>& seeds, const Options& options, Manner manner) {
  const Clock::time_point started = Clock::now();
  template_of(0);  // and all others, once for all jobs
  Shared& shared = *new_shared<Shared>(1);
  Job* const jobs = new_shared<Job>(options.jobs);
  std::vector<pid_t> children;
  for (std::size_t job = 0; job < options.jobs; ++job)
    children.push_back(
        in_child([&] { return run_job(seeds, options.failures, manner, shared, jobs[job]); }));
  std::vector<std::uint64_t> red = wait_for(children, jobs, shared, seeds.size());
  Counts counts;
  for (std::size_t job = 0; job < options.jobs; ++job) {
    counts.add(jobs[job].counts);
    red.insert(red.end(), jobs[job].red.begin(), jobs[job].red.begin() + jobs[job].failed);
  }
  if (!red.empty() && !manner.aloud) show_again(red.front(), manner);
  const std::size_t done = std::min(shared.next.load(), seeds.size());
  fmt::print("{} seeds, {} failed, {}; {} writes, {} bundles, {} imports, {} refusals\n", done,
             red.size(), rate(done, started), counts.all_writes(), counts.bundles, counts.imports,
             counts.refusals);
  if (!red.empty()) fmt::print("failed: {}\n", fmt::join(red, " "));
  const std::string never = counts.never_happened();
  const bool holes = red.empty() && seeds.size() >= seeds_for_all_events && !never.empty();
  if (holes) fmt::print("never happened, which makes the run worth little: {}\n", never);
  return red.empty() && !holes ? 0 : 1;
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

constexpr const char* usage =
    "skerry_sim [--seeds N] [--first S] [--jobs J] [--known FILE] [--disasters] [--failures N]\n"
    "skerry_sim --seed N               runs one seed and says what it does\n"
    "skerry_sim --model < HISTORIES    repeats what model_history.py wrote down\n"
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
    else if (name == "--failures")
      options.failures = std::stoull(value());
    else if (name == "--known")
      options.known = value();
    else if (name == "--disasters")
      options.disasters = true;
    else if (name == "--model")
      options.model = true;
    else if (name == "--bites")
      options.bites = true;
    else
      throw std::invalid_argument("there is no option " + name);
  }
  return options;
}

int run(const Options& options) {
  if (options.model) return run_model(std::cin);
  if (options.bites) return run_bites(options.first, options.count);
  std::vector<std::uint64_t> seeds;
  if (options.one) return run_all({*options.one}, options, {true, options.disasters});
  if (!options.known.empty()) seeds = read_seeds(options.known);
  for (std::uint64_t i = 0; i < options.count; ++i) seeds.push_back(options.first + i);
  return run_all(seeds, options, {false, options.disasters});
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
