// Central and two sites, each the shipped store and engine on a database of its own; bundles go
// from one to the other as bytes.
#pragma once

#include <gtest/gtest.h>
#include <initializer_list>
#include <string>
#include <vector>

#include "store/conflicts.hpp"
#include "store/site_scope.hpp"
#include "tests/simulation/machine.hpp"

namespace skerry::sync {

class Reconcile : public testing::Test {
 protected:
  using Machine = sim::Machine;
  Reconcile()
      : folder(sim::scratch_folder()),
        central(0, folder / "0", sim::template_of(0), now, 1),
        site(1, folder / "1", sim::template_of(1), now, 2),
        other(2, folder / "2", sim::template_of(2), now, 3) {}
  ~Reconcile() override {
    for (Machine* machine : {&central, &site, &other}) machine->database.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }

  // One write by a person, who is told that it is done.
  Result<RecordId> create(Machine& at, std::string_view kind, const json::object& body,
                          std::optional<RecordId> id = std::nullopt);
  Result<void> set(Machine& at, std::string_view kind, const RecordId& id,
                   const json::object& patch, std::optional<RecordId> resolves = std::nullopt);
  Result<void> remove(Machine& at, std::string_view kind, const RecordId& id);
  // Rows of one transaction, as they are, with what they do left out: only their fate is of
  // interest.
  void append(Machine& at, std::initializer_list<Change> rows);

  std::vector<Bytes> pack_up(Machine& from);
  std::vector<Bytes> pack_down(Machine& to);  // always one
  // None when central believes that `to` has all, and it had a digest less than a day ago.
  std::vector<Bytes> pack_due(Machine& to);
  std::string take(Machine& at, const Bytes& bundle);  // the outcome
  void up(Machine& from);
  void down(Machine& to);
  void exchange(Machine& with) {
    up(with);
    down(with);
  }

  // The field as JSON text; "-" when the record is not there.
  std::string value(Machine& at, std::string_view kind, const RecordId& id, std::string_view field);
  std::vector<store::Conflict> conflicts(Machine& at);
  // What the site was told about its row; "applied" when nothing else.
  std::string told(Machine& at, std::int64_t seq);
  std::string decided(Machine& about, std::int64_t seq);
  store::Upstream upstream(Machine& at);
  std::int64_t acked(Machine& at);  // of the epoch that is written
  // Central changes what the site sees.
  void see_only(Machine& at, std::initializer_list<RecordId> customers);
  void see_all(Machine& at);

  std::string last_detail;  // of the last bundle taken
  UnixMillis now = 1'790'000'000'000;
  std::filesystem::path folder;
  Machine central;
  Machine site;
  Machine other;
};

}  // namespace skerry::sync
