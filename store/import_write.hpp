// Prepared rows into records, on the writer thread. Internal to the import.
#pragma once

#include <unordered_map>
#include <vector>

#include "store/import_rows.hpp"
#include "store/write_records.hpp"

namespace skerry::store {

// What became of rows.
struct RowCounts {
  std::int64_t created = 0;
  std::int64_t updated = 0;
  std::int64_t unchanged = 0;
  std::int64_t rejected = 0;
  std::int64_t parents_created = 0;

  RowCounts& operator+=(const RowCounts& other);
};

// Writes rows within one job. A row that is refused may leave the parents that were made for it, or
// the keys they were given: left_parents() then says so, and the job is to be undone and run again
// without such rows.
class RowWriter {
 public:
  // The records that earlier jobs made for placeholders.
  using Parents = std::unordered_map<RecordId, RecordId>;

  // What a writer works with; all of it outlives the writer.
  struct Place {
    ChangeLog& log;
    Role role;
    Random& random;
    const Kind& kind;
    const Author& author;
    const RowReader& reader;  // asked for the names of columns only
  };

  // `held`: by the rows that stand. `keep_rows`: rows are written from copies of their values, so
  // that they can be written again.
  RowWriter(Connection& connection, const Place& place, Parents& parents, HeldNames& held,
            bool keep_rows)
      : connection_(connection),
        place_(place),
        writer_(connection, place.log, place.role, place.random),
        parents_(parents),
        held_(held),
        keep_rows_(keep_rows) {}

  // False when the row is refused; why, all of it, is appended to `errors`.
  bool write(PreparedRow& row, std::vector<TableError>& errors);

  const RowCounts& counts() const { return counts_; }
  bool left_parents() const { return left_parents_; }

 private:
  Result<void> carry_out(PreparedRow& row);
  Result<void> create(PreparedRow& row);
  Result<void> update(PreparedRow& row);
  Result<void> judge(PreparedRow& row);
  Result<RecordId> parent_of(const Field& field, const NewParent& parent);
  Result<RecordId> find_or_make(const NewParent& parent);
  Result<void> give_key(const RecordId& id, const NewParent& parent);
  std::optional<RecordId> find_parent(const Kind& kind, const FieldValues& values);
  void add_errors(PreparedRow& row, const Error& error) const;

  Connection& connection_;
  const Place& place_;
  RecordWriter writer_;
  Parents& parents_;
  HeldNames& held_;
  const bool keep_rows_;
  RowCounts counts_;
  bool touched_parents_ = false;  // for the row that is being written
  bool left_parents_ = false;
};

}  // namespace skerry::store
