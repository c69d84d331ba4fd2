// Machines for the inner benchmarks: the shipped store and sync code on databases in temporary
// folders, durable as in production.
#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "crypto/secret.hpp"
#include "store/write_records.hpp"
#include "sync/node.hpp"
#include "sync/pack.hpp"
#include "sync/spool.hpp"

namespace skerry::bench {

// A benchmark has no use for an error: it says what failed and ends the process.
template <class T>
T must(Result<T> result, const char* what) {
  if (!result) {
    std::fprintf(stderr, "bench: %s: %s\n", what, result.error().detail.c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A central or a site, initialised, with nothing in it.
class Machine {
 public:
  explicit Machine(Role role);
  // The state of `other`, who it is included; `other` goes on.
  explicit Machine(const Machine& other);
  Machine& operator=(const Machine&) = delete;

  sync::Node node();
  // Runs `work(Connection&) -> Result<T>` as one write job.
  template <class Work>
  auto write(Work work) {
    return must(database_->write(work), "writing");
  }
  store::Reader read() { return database_->read(); }
  store::ChangeLog& log() { return log_; }
  Role role() const { return role_; }
  Random& random() { return random_; }

 private:
  void open();

  Role role_;
  TemporaryFolder folder_;
  SystemClock clock_;
  crypto::SystemRandom random_;
  sync::Keys keys_;
  store::ChangeLog log_{clock_};
  std::unique_ptr<store::Database> database_;
};

// A central and a site that it has admitted.
struct Pair {
  Pair();
  Machine central{Role::central};
  Machine site{Role::site};
};

// The values of the `i`th customer: a name, an account and a description.
FieldValues customer_values(std::int64_t i);
store::Author bench_author();

// Makes `count` customers in one write job.
void create_customers(Machine& machine, std::int64_t count);

// What is due from the site or from central, packed.
std::vector<sync::PackedBundle> pack_changes(Machine& site);
std::vector<sync::PackedBundle> pack_state(Machine& central);
// Takes the bundles in; they may be taken again elsewhere.
void import_all(Machine& machine, const std::vector<sync::PackedBundle>& bundles);

// How many changes the benchmarks of whole pieces work on: $SKERRY_BENCH_CHANGES, or 100,000.
std::int64_t changes_wanted();

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace skerry::bench
