#include "store/row_scope.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/json_member.hpp"
#include "store/log_subject.hpp"
#include "store/write_records.hpp"

namespace skerry::store {
namespace {

constexpr std::string_view goal = "to_location";

// A record that moves to another customer leaves the one that its change names as an old value.
bool leaves(std::string_view line, const std::string& customer) {
  return line.find(fmt::format(R"("o":"{}")", customer)) != std::string_view::npos;
}

// What a record was when row `n` was written, by its last row until then, and whose. Where that was
// pruned, the tables must do of what a row may name.
struct Subject {
  std::string kind;
  RecordId customer;
};
Subject named_at(Connection& connection, const RecordId& record, std::int64_t n) {
  Cursor then = connection.query(
      "SELECT kind,customer FROM change_log WHERE record=?1 AND n<=?2 ORDER BY n DESC LIMIT 1",
      record, n);
  if (then.next()) return {std::string(then.text(0)), then.id<RecordId>(1)};
  Cursor now = connection.query(
      "SELECT 'location',scope_customer FROM location WHERE id=?1 UNION ALL "
      "SELECT 'asset',scope_customer FROM asset WHERE id=?1 UNION ALL "
      "SELECT 'entitlement',scope_customer FROM entitlement WHERE id=?1 UNION ALL "
      "SELECT 'customer',id FROM customer WHERE id=?1",
      record);
  return now.next() ? Subject{std::string(now.text(0)), now.id<RecordId>(1)} : Subject{};
}

std::optional<RecordId> named_id(const json::value& value) {
  const json::string* text = value.if_string();
  return text ? parse_id<RecordId>(*text) : std::nullopt;
}

// The fields that a line of a change gives, or the change in it that was taken in.
json::object fields_in(std::string_view text) {
  auto line = parse_json_object(text, {.fractions = true});
  if (!line) return {};
  const json::object* change = object_of(*line, "row");
  const json::object* fields = object_of(change ? *change : *line, "f");
  return fields ? *fields : json::object{};
}

// Whether a place that was the customer's is one that a move names or named: its asset comes there
// or leaves it.
bool moves_there(Connection& connection, const LogRow& row, const RecordId& customer) {
  if (row.kind != "move") return false;
  const json::object fields = fields_in(row.line);
  const auto was_theirs = [&](const json::value& location) {
    const auto id = named_id(location);
    return id && named_at(connection, *id, row.n).customer == customer;
  };
  for (const std::string_view name : {std::string_view("from_location"), goal}) {
    const json::value& value = member_of(fields, name);
    if (value.is_object() ? was_theirs(member_of(value, "o")) || was_theirs(member_of(value, "n"))
                          : was_theirs(value))
      return true;
  }
  return false;
}

// Where a move goes by row `n`: its last row until then that says so. Zero where that was pruned.
RecordId goal_at(Connection& connection, const RecordId& move, std::int64_t n) {
  Cursor rows = connection.query(
      "SELECT line FROM change_log WHERE record=?1 AND n<=?2 ORDER BY n DESC", move, n);
  while (rows.next()) {
    const json::object fields = fields_in(rows.text(0));
    const json::value& value = member_of(fields, goal);
    if (const auto id = named_id(value.is_object() ? member_of(value, "n") : value)) return *id;
  }
  return {};
}

bool may_name_others(const Field& field) {
  return field.type == FieldType::reference &&
         std::any_of(field.options.begin(), field.options.end(), [](std::string_view kind) {
           return kind == "customer" || kind == "location";
         });
}

}  // namespace

bool is_of_customer(Connection& connection, const LogRow& row, const RecordId& customer) {
  return row.subject.customer == customer || row.subject.place == customer ||
         leaves(row.line, to_string(customer)) || moves_there(connection, row, customer);
}

bool is_row_seen(Connection& connection, const LogRow& row,
                 const std::vector<RecordId>& customers) {
  return customers.empty() ||
         std::any_of(customers.begin(), customers.end(),
                     [&](const RecordId& each) { return is_of_customer(connection, row, each); });
}

void hide_others(Connection& connection, const LogRow& row, const std::vector<RecordId>& customers,
                 AuditRow& shown) {
  const Kind* const kind = find_kind(row.kind);
  if (customers.empty() || !kind) return;
  const bool own = is_within(customers, row.subject.customer);
  const auto is_anothers = [&](const RecordId& id) {
    const Subject named = named_at(connection, id, row.n);
    if (named.kind == "asset" || (named.kind == "location" && own)) return false;
    return !is_within(customers, named.customer);
  };
  for (const Field& field : kind->fields) {
    json::value* const sides = shown.fields.if_contains(field.name);
    if (!sides || !may_name_others(field)) continue;
    for (const char* side : {"old", "new"}) {
      json::value& value = sides->as_object().at(side);
      if (const auto id = named_id(value); id && is_anothers(*id)) value = nullptr;
    }
  }
  const auto goes_to_another = [&] {
    const RecordId to = goal_at(connection, row.record, row.n);
    return !is_within(customers, named_at(connection, to, row.n).customer);
  };
  if (is_called_by_others(*kind) && goes_to_another()) shown.label.clear();
}

}  // namespace skerry::store
