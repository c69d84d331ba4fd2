// What SQLite's planner says it would do.
#pragma once

#include <string>
#include <vector>

#include "store/sqlite/connection.hpp"

namespace skerry::store {

// The steps of a statement: "SEARCH customer USING INDEX …", "SCAN site".
inline std::vector<std::string> plan_of(Connection& connection, const std::string& sql) {
  const std::string explain = "EXPLAIN QUERY PLAN " + sql;
  Cursor cursor = connection.query(explain);
  std::vector<std::string> steps;
  while (cursor.next()) steps.emplace_back(cursor.text(3));
  return steps;
}

}  // namespace skerry::store
