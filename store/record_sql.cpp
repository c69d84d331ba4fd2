#include "store/record_sql.hpp"

#include <fmt/format.h>
#include <iterator>

#include "core/check.hpp"
#include "core/kinds/validate.hpp"

namespace skerry::store {
namespace {

std::string same_key_text(const Kind& kind, const Field& field) {
  if (field.unique == Unique::no) return {};
  std::string text = fmt::format("SELECT id FROM {} WHERE {}=?1 AND id<>?2", kind.name, field.name);
  // The plus keeps the planner from a coarser index, such as all assets of a product.
  if (field.unique == Unique::within)
    fmt::format_to(std::back_inserter(text), " AND {}{}=?3", field.filterable ? "+" : "",
                   field.unique_within);
  return text + " LIMIT 1";
}

std::string insert_text(const Kind& kind) {
  std::string names = "id,revision,created_at,updated_at,version,scope_customer,scope_place,stamps";
  std::string marks = "?1,?2,?3,?4,?5,?6,?7,?8";
  int parameter = 8;
  for (const Field& field : kind.fields) {
    fmt::format_to(std::back_inserter(names), ",\"{}\"", field.name);
    fmt::format_to(std::back_inserter(marks), ",?{}", ++parameter);
  }
  return fmt::format("INSERT INTO {}({}) VALUES({})", kind.name, names, marks);
}

std::string list_columns_text(std::string_view columns) {
  std::string text = "t.";
  for (const char c : columns) {
    text += c;
    if (c == ',') text += "t.";
  }
  return text;
}

// As store/record.cpp writes it into the index.
std::string search_text_of(const Kind& kind) {
  std::string text;
  for (const Field& field : kind.fields)
    if (field.searchable)
      text += fmt::format("{}coalesce(t.{},'')", text.empty() ? "" : "||' '||", field.name);
  return text.empty() ? "''" : text;
}

KindSql write_sql(const Kind& kind) {
  KindSql sql;
  sql.columns = "row,id,revision,created_at,updated_at,version,scope_customer,scope_place,stamps";
  for (std::size_t i = 0; i < kind.columns(); ++i)  // "unique" is a word of SQL's, too
    fmt::format_to(std::back_inserter(sql.columns), ",\"{}\"", kind.column(i).name);
  sql.list_columns = list_columns_text(sql.columns);
  sql.search_text = search_text_of(kind);
  sql.find = fmt::format("SELECT {} FROM {} WHERE id=?1", sql.columns, kind.name);
  sql.exists = fmt::format("SELECT 1 FROM {} WHERE id=?1", kind.name);
  sql.insert = insert_text(kind);
  sql.remove = fmt::format("DELETE FROM {} WHERE row=?1", kind.name);
  sql.scope = fmt::format("SELECT scope_customer,scope_place FROM {} WHERE id=?1", kind.name);
  sql.subject = fmt::format("SELECT \"{}\",scope_customer,scope_place FROM {} WHERE id=?1",
                            kind.label, kind.name);
  for (const Field& field : kind.fields) sql.same_key.push_back(same_key_text(kind, field));
  sql.custom = kind.find_field("custom");
  for (const Field& field : kind.derived) sql.derived.push_back(default_value(field));
  return sql;
}

}  // namespace

const KindSql& sql_of(const Kind& kind) {
  static const std::vector<KindSql> all = [] {
    std::vector<KindSql> built;
    for (const Kind& each : all_kinds()) built.push_back(write_sql(each));
    return built;
  }();
  const auto index = static_cast<std::size_t>(&kind - all_kinds().data());
  SKERRY_CHECK(index < all.size());
  return all[index];
}

}  // namespace skerry::store
