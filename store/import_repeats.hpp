// What a file says twice. Internal to the import.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/kinds/kinds.hpp"
#include "store/seen_keys.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::store {

struct PreparedRow;

// What a row names that the rows of a file may not all name: its record, by its id or its key, or a
// unique value.
struct Claim {
  SeenKeys::Digest name{};
  bool asks = true;         // is refused where a row before it holds the name
  bool holds = true;        // once the row stands
  bool of_record = true;    // otherwise of a unique value
  bool may_repeat = false;  // a row that says the same, word for word, is none too many
  std::string header;       // of its column
  std::string text;         // the name, for people
};

// A unique value that a record has no more once a row stands.
struct GivenUp {
  std::size_t digest = 0;  // of field and value; few share one, and nothing depends on it
  RecordId record;
  std::size_t field = 0;
  std::string custom{};  // the key of a custom field
};

// For who undoes what the rows of a file wrote and goes on behind them, as a dry run does: what
// they gave up is free for the rows behind. One thread at a time.
class GivenUpValues {
 public:
  static std::size_t digest_of(const Field& field, std::string_view custom,
                               const json::value& value);

  // In a transaction that will be undone: takes what the row wants from those who gave it up.
  void make_free(Connection& connection, const Kind& kind, const PreparedRow& row) const;
  // The row stands.
  void keep(const PreparedRow& row);

 private:
  std::unordered_multimap<std::size_t, GivenUp> values_;
};

// The names that the rows of a file hold. A row that is refused holds none, and only who writes
// knows which are: he asks in the order of the file. One thread at a time.
class HeldNames {
 public:
  // True for a row that says what one before it says, word for word: in a table of devices each may
  // name its type. What it names again otherwise is added to its errors.
  bool repeats(PreparedRow& row) const;
  // The row stands.
  void keep(const PreparedRow& row);

  // Of the rows since the last settle(): they stand for good, or none of them does.
  void settle();
  void drop() { fresh_ = SeenKeys(); }

 private:
  std::optional<SeenKeys::Row> find(const SeenKeys::Digest& name) const;

  SeenKeys settled_;
  SeenKeys fresh_;
};

}  // namespace skerry::store
