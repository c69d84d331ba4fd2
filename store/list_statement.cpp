#include "store/list_statement.hpp"

#include <fmt/format.h>

#include "store/record.hpp"

namespace skerry::store {

std::string ListStatement::mark(const Field& field, const json::value& value) {
  return add({&field, value, {}});
}
std::string ListStatement::mark(std::int64_t number) { return add({nullptr, number, {}}); }
std::string ListStatement::mark(const std::string& text) {
  return add({nullptr, json::string(text), {}});
}
std::string ListStatement::mark(const RecordId& id) { return add({nullptr, nullptr, id}); }

std::string ListStatement::add(Bound value) {
  bound_.push_back(std::move(value));
  return fmt::format("?{}", bound_.size());
}

Cursor ListStatement::open(Connection& connection) const {
  Cursor cursor = connection.statement(sql);
  int parameter = 0;
  for (const Bound& bound : bound_) {
    ++parameter;
    // A position holds numbers as the table does; a filter holds what the record shows.
    if (const std::int64_t* number = bound.value.if_int64())
      cursor.bind(parameter, *number);
    else if (bound.field)
      bind_value(cursor, parameter, *bound.field, bound.value);
    else if (const json::string* text = bound.value.if_string())
      cursor.bind(parameter, std::string_view(*text));
    else
      cursor.bind(parameter, bound.id);
  }
  return cursor;
}

}  // namespace skerry::store
