// What people and programs do at one machine, through the one write path, at random.
#pragma once

#include <optional>
#include <vector>

#include "store/conflicts.hpp"
#include "tests/simulation/journal.hpp"
#include "tests/simulation/machine.hpp"
#include "tests/simulation/swarm.hpp"

namespace skerry::sim {

// All must outlive the person. Every row that was acknowledged is noted in `machine.acknowledged`;
// a refusal that nobody could understand is a Violation.
class Person {
 public:
  Person(Machine& machine, Rng& rng, const Swarm& swarm, Journal& journal)
      : machine_(machine), rng_(rng), swarm_(swarm), journal_(journal) {}

  void act();  // something, as often as the swarm does it
  void create(const Kind& kind);

 private:
  void change();
  void change_together();
  void remove();
  void remove_whole();
  void archive();
  void disable();
  void scrap();
  void move_many();
  void define();
  void resolve();

  // True when the patch was taken.
  bool update(const store::Record& record, const json::object& patch);
  bool create(const Kind& kind, const json::object& body);

  // One request, in one transaction of the writer, that makes at most `rows_max` rows of the log.
  // `work(Connection&, RecordWriter&) -> Result<void>`.
  template <class Work>
  bool submit(std::int64_t rows_max, Work work);
  void acknowledge(std::int64_t seq_before, std::int64_t rows_max);
  void note_refusal(const Error& error);

  // person_values.cpp
  const Kind& some_kind();
  std::optional<RecordId> some_id(const Kind& kind);
  std::optional<store::Record> some_record(const Kind& kind);
  std::optional<json::object> new_values(const Kind& kind);
  json::object patch_for(const store::Record& record);
  json::value value_for(const Kind& kind, const Field& field);
  json::value custom_values(const Kind& kind);
  json::object new_custom_field();
  json::value some_day();
  bool may_write(const Kind& kind, const Field& field);

  Machine& machine_;
  Rng& rng_;
  const Swarm& swarm_;
  Journal& journal_;
};

}  // namespace skerry::sim
