// Machines that forget, and copies of them: what tests of each hazard begin with.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "store/lost_ranges.hpp"
#include "store/own_epochs.hpp"
#include "store/quarantine.hpp"
#include "sync/copies.hpp"
#include "sync/engine.hpp"
#include "tests/unit/sync/reconcile_fixture.hpp"

namespace skerry::sync {

class Epochs : public Reconcile {
 protected:
  Epochs() { acme = *create(central, "customer", {{"name", "Acme"}}); }

  std::vector<store::OwnEpoch> epochs(Machine& at) {
    return at.read(
        [](store::Connection& connection) { return store::read_own_epochs(connection); });
  }
  store::Site known(Machine& about) {
    return central.read([&](store::Connection& connection) {
      return *store::find_site(connection, sim::site_id(about.number));
    });
  }
  std::int64_t quarantined() {
    return central.read([&](store::Connection& connection) {
      const auto at = *store::find_site(connection, sim::site_id(1));
      return store::count_quarantined(connection, at, std::nullopt);
    });
  }
  std::int64_t pending(Machine& at) {
    return at.read(
        [](store::Connection& connection) { return store::count_pending(connection).rows; });
  }
  // `told`: of central's log, as a site knows it.
  std::vector<store::LostRange> lost(Machine& at, bool told = false) {
    return at.read([&](store::Connection& connection) {
      auto missing = store::list_missing(connection);
      std::erase_if(missing, [&](const store::LostRange& range) { return range.told != told; });
      return missing;
    });
  }
  // Everything there is, by way of one medium: up, and the answer.
  void meet(Machine& with, int times = 1) {
    for (int i = 0; i < times; ++i) {
      for (const Bytes& bundle : pack_up(with)) last_up = take(central, bundle);
      for (const Bytes& bundle : pack_down(with)) last_down = take(with, bundle);
    }
  }
  std::string name_at(Machine& at, const RecordId& id) { return value(at, "customer", id, "name"); }
  RecordId add(Machine& at, const char* name) { return *create(at, "customer", {{"name", name}}); }
  // Another machine with the same disk.
  std::unique_ptr<Machine> clone(Machine& of, bool with_anchor) {
    sim::Image image = of.image();
    if (!with_anchor) image.anchor.clear();
    ++clones;
    return std::make_unique<Machine>(of.number, folder / ("clone" + std::to_string(clones)), image,
                                     now, 77 + clones);
  }
  void expect_same(Machine& at, const std::vector<RecordId>& ids) {
    for (const RecordId& id : ids) EXPECT_EQ(name_at(at, id), name_at(central, id));
  }

  const store::Author admin{"uid:0", "cli", "test"};
  RecordId acme;
  std::string last_up;
  std::string last_down;
  std::uint64_t clones = 0;
};

}  // namespace skerry::sync
