// A statement that is written piece by piece, with what is bound to it.
#pragma once

#include <string>
#include <vector>

#include "core/ids.hpp"
#include "core/kinds/kinds.hpp"
#include "core/strict_json.hpp"
#include "store/sqlite/connection.hpp"

namespace skerry::store {

// Lives as long as the cursor that it opened.
class ListStatement {
 public:
  std::string sql;

  // Each gives the parameter's place in the text: "?3".
  std::string mark(const Field& field, const json::value& value);
  std::string mark(std::int64_t number);
  std::string mark(const std::string& text);
  std::string mark(const RecordId& id);
  Cursor open(Connection& connection) const;

 private:
  struct Bound {
    const Field* field = nullptr;  // of `value`; without it a number, a text or `id`
    json::value value;
    RecordId id;
  };
  std::string add(Bound value);
  std::vector<Bound> bound_;
};

}  // namespace skerry::store
