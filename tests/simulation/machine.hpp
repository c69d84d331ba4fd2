// One simulated machine: the shipped store and sync code on a database of its own, with a clock and
// random bytes that the simulation gives.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "store/anchor.hpp"
#include "store/record.hpp"
#include "store/write_records.hpp"
#include "sync/import.hpp"
#include "sync/node.hpp"
#include "sync/pack.hpp"
#include "tests/simulation/rng.hpp"

namespace skerry::sim {

// What a check found. Never caught inside a run.
struct Violation : std::runtime_error {
  Violation(const std::string& invariant, const std::string& difference)
      : std::runtime_error(invariant + ": " + difference) {}
};

template <class T>
T must(Result<T> result, const char* what) {
  if (!result) throw Violation("harness", std::string(what) + ": " + result.error().detail);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// The world's time, shown to one machine by its own wrong clock.
class SimClock final : public Clock {
 public:
  explicit SimClock(const UnixMillis& now) : now_(now) {}
  UnixMillis wall_ms() const override { return now_ + skew_ms; }
  std::int64_t monotonic_ms() const override { return now_; }
  std::int64_t skew_ms = 0;

 private:
  const UnixMillis& now_;
};

// A row this machine acknowledged to its user, as it stood then.
struct Acknowledged {
  EpochId epoch;
  std::int64_t seq = 0;
  Hash hash{};
  std::int64_t seen_n = 0;  // how much of central's log the machine held when it wrote
};

// What a machine has on its disk, as a backup keeps it.
struct Image {
  Bytes database;
  Bytes anchor;  // empty: there is none
};

class Machine {
 public:
  // `number` 0 is central; `image` is what it starts with, unless it is empty: then with what is
  // there.
  Machine(std::size_t number, std::filesystem::path folder, const Image& image,
          const UnixMillis& now, std::uint64_t seed, const store::DatabaseOptions& how = quick());

  bool is_central() const { return number == 0; }
  Role role() const { return is_central() ? Role::central : Role::site; }
  std::string name() const;
  void restart();
  sync::Node node();
  Image image();
  // Stops, has the database of the image, and its anchor or the one that is there, and starts.
  void put_back(const Image& image, bool with_anchor);

  // Runs `work(Connection&) -> Result<T>` as the daemon would.
  template <class Work>
  auto write(Work work) {
    return database->write(work);
  }
  template <class Work>
  auto read(Work work) {
    const store::Reader reader = database->read();
    return work(*reader);
  }

  sync::ImportOutcome import(ByteView bytes, const std::string& file_name);
  // A digest of every table but the inbox and the search indexes, without times of contact.
  Hash digest();

  const std::size_t number;
  const std::filesystem::path folder;
  SimClock clock;
  Rng random;
  store::MachinePrint print{"system", "board", ""};  // another one: another machine
  std::unique_ptr<store::ChangeLog> log;
  std::unique_ptr<store::Database> database;
  sync::BundleOptions options;
  std::vector<Acknowledged> acknowledged;

 private:
  // One thread, and nothing outlives the machine.
  static store::DatabaseOptions quick();
  void write_image(const Image& image, bool with_anchor) const;
  void open();
  void close();

  const store::DatabaseOptions how_;
  std::optional<store::AnchorFile> anchor_;
  std::optional<store::AnchorKeeper> keeper_;
};

// Fixed for all runs: who a machine is.
inline constexpr std::size_t sites_max = 12;
inline constexpr std::int64_t central_ord = 1'760'000'000;  // of central's first life
const sync::Keys& keys_of(std::size_t number);
SiteId site_id(std::size_t number);
// What machine `number` begins with, initialised and enrolled, with nothing in it. Made once per
// process.
const Image& template_of(std::size_t number);
// A folder on a RAM disk when there is one.
std::filesystem::path scratch_folder();

Bytes read_whole(int fd, std::uint64_t size);

// A customer, made by a person; within a job of that machine's, or as one.
Result<void> add_customer(store::Connection& connection, const sync::Node& node, Role role,
                          const std::string& name);
Result<void> add_customer(Machine& machine, const std::string& name);
// As `skerry site set --scope` does at central.
Result<store::Record> set_scope(Machine& central, std::size_t site, const json::value& scope);
// The payload of one of central's bundles, opened with the key of the site it is for.
std::vector<std::string> lines_of(ByteView bundle, const Machine& to);
// I12: a line of the bundle that tells the site of what it does not see now; empty when there is
// none.
std::string line_out_of_scope(Machine& central, ByteView bundle, const Machine& to);

}  // namespace skerry::sim
