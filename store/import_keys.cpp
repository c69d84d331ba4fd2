#include "store/import_keys.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iterator>
#include <string>
#include <string_view>

#include "core/check.hpp"

namespace skerry::store {
namespace {

struct KeyFields {
  std::string_view kind;
  bool names_records;
  std::string_view main;
  std::array<std::string_view, 6> others = {};
  bool one_index = false;  // holds the others and the main field
};

// Only what Kind::match_key does not say by itself.
constexpr KeyFields keys[] = {
    {"customer", true, "account_ref"},
    {"product", true, "sku"},
    {"contact", false, "email", {"customer"}},
    {"location", true, "name", {"customer"}, true},
    {"asset", true, "serial", {"product"}},
    {"custom_field", false, "record_kind", {"key"}},
    {"plan", true, "name"},
    {"feature", false, "key", {"product"}},
    {"attribute", false, "key", {"product"}},
    {"edition", true, "name", {"product"}},
    {"offering", true, "sku"},
    {"sales_order", true, "order_ref"},
    {"entitlement", true, "entitlement_ref"},
    {"site", true, "name"},
    {"allocation", false, "site", {"entitlement"}},
    {"note", false, "subject", {"text"}},
    {"move",
     false,
     "asset",
     {"to_location", "shipped_expected", "shipped_at", "arrived_expected", "arrived_at",
      "tracking_number"}},
};

std::size_t position_of(const Kind& kind, std::string_view field) {
  const int position = kind.find_field(field);
  SKERRY_CHECK(position >= 0);
  return static_cast<std::size_t>(position);
}

// The plus keeps the planner from a coarser index, such as all contacts of a customer.
template <class Others>
std::string find_statement(const KeyRule& rule, const Others& others) {
  const Kind& kind = *rule.kind;
  std::string sql = fmt::format("SELECT {} FROM {} WHERE \"{}\"=?1", select_columns(kind),
                                kind.name, rule.main_field().name);
  int parameter = 1;
  for (const std::size_t other : others)
    fmt::format_to(std::back_inserter(sql), " AND {}\"{}\" IS ?{}", rule.one_index ? "" : "+",
                   kind.fields[other].name, ++parameter);
  return sql + " LIMIT 2";
}

bool is_unique(const KeyRule& rule) {
  return rule.main_field().unique != Unique::no ||
         std::any_of(rule.others.begin(), rule.others.end(), [&](const std::size_t other) {
           return rule.kind->fields[other].unique != Unique::no;
         });
}

std::vector<KeyRule> make_rules() {
  std::vector<KeyRule> rules;
  for (const KeyFields& key : keys) {
    const Kind* kind = find_kind(key.kind);
    if (!kind) continue;
    KeyRule rule{kind, position_of(*kind, key.main), {}, key.names_records, key.one_index, false,
                 {}};
    for (const std::string_view other : key.others)
      if (!other.empty()) rule.others.push_back(position_of(*kind, other));
    rule.unique = is_unique(rule);
    rule.find_whole = find_statement(rule, rule.others);
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace

const KeyRule* find_key_rule(const Kind& kind) {
  static const std::vector<KeyRule> rules = make_rules();
  const auto found =
      std::find_if(rules.begin(), rules.end(), [&](const KeyRule& r) { return r.kind == &kind; });
  return found == rules.end() ? nullptr : &*found;
}

std::vector<Record> find_by_key(Connection& connection, const KeyRule& rule,
                                const json::value& main, const FieldValues& others) {
  const Kind& kind = *rule.kind;
  std::vector<std::size_t> fields;
  for (const FieldValue& other : others) fields.push_back(other.field);
  const std::string some = fields == rule.others ? std::string() : find_statement(rule, fields);
  Cursor cursor = connection.statement(some.empty() ? rule.find_whole : some);
  bind_value(cursor, 1, rule.main_field(), main);
  for (std::size_t i = 0; i < others.size(); ++i)
    bind_value(cursor, static_cast<int>(i) + 2, kind.fields[others[i].field], others[i].value);
  std::vector<Record> found;
  while (cursor.next()) found.push_back(read_record(cursor, kind));
  return found;
}

std::vector<Record> find_by_label(Connection& connection, const Kind& kind,
                                  const json::value& label, std::int64_t limit) {
  const auto field = position_of(kind, kind.label);
  SKERRY_CHECK(kind.fields[field].filterable);
  Cursor cursor =
      connection.statement(fmt::format("SELECT {} FROM {} WHERE {}=?1 ORDER BY id LIMIT ?2",
                                       select_columns(kind), kind.name, kind.label));
  bind_value(cursor, 1, kind.fields[field], label);
  cursor.bind(2, limit);
  std::vector<Record> found;
  while (cursor.next()) found.push_back(read_record(cursor, kind));
  return found;
}

}  // namespace skerry::store
