#pragma once
#include <optional>
#include <string>
#include <string_view>
#include "store/sqlite/connection.hpp"
namespace skerry::store::search_index {
inline void insert(Connection& c, std::string_view table, std::int64_t row, std::string_view text) {
  c.execute("INSERT INTO " + std::string(table) + "_search(rowid,text) VALUES(?1,?2)", row, text);
}
inline void remove(Connection& c, std::string_view table, std::int64_t row, std::string_view text) {
  const std::string t(table);
  c.execute("INSERT INTO " + t + "_search(" + t + "_search,rowid,text) VALUES('delete',?1,?2)", row, text);
}
}  // namespace skerry::store::search_index
