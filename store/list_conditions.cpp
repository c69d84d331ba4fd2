#include "store/list_conditions.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "core/check.hpp"
#include "store/custom_fields.hpp"

namespace skerry::store {
namespace {

// An option goes into the text of a statement: it is one of the description's.
std::string_view option_of(const ListFilter& filter) {
  const auto& options = filter.field->options;
  const auto found =
      std::find(options.begin(), options.end(), std::string_view(filter.value.as_string()));
  SKERRY_CHECK(found != options.end());
  return *found;
}

// The country is the last member of an address, so that the text of one ends with {"country":"DE"},
// and nothing else ends so: a quote within a text has a backslash before it. SQLite takes no
// function of JSON into an index of a schema that it does not trust.
static_assert(kinds::address_members.back().name == "country");
std::string country_text(ListStatement& statement, const json::value& country) {
  if (country.is_null()) return "(t.address IS NULL OR substr(t.address,-15,11)<>'\"country\":\"')";
  const std::string end = fmt::format("\"country\":\"{}\"}}", country.as_string().c_str());
  return fmt::format("substr(t.address,-15)={}", statement.mark(end));
}

// Conditions of indexes are written out: the system uses an index with a condition, or of an
// expression, only where it sees that the two are the same.
std::string filter_text(ListStatement& statement, const ListFilter& filter) {
  const Field& field = *filter.field;
  if (&field == &disabled_field)
    return filter.value == json::value(true) ? "t.disabled_at IS NOT NULL"
                                             : "t.disabled_at IS NULL";
  if (&field == &role_field) return fmt::format("instr(t.roles,'\"{}\"')>0", option_of(filter));
  if (is_rare_flag(field))
    return fmt::format("t.{}={}", field.name, filter.value == json::value(true) ? 1 : 0);
  if (&field == &country_field) return country_text(statement, filter.value);
  if (filter.value.is_null()) return fmt::format("t.{} IS NULL", field.name);
  return fmt::format("t.{}={}", field.name, statement.mark(field, filter.value));
}

std::string custom_text(ListStatement& statement, const ListQuery& query, std::size_t filter) {
  const CustomFilter& custom = query.custom[filter];
  const std::string field = statement.mark(custom_value_field(*query.kind, custom.key));
  return fmt::format("v.field={} AND v.value={}", field, statement.mark(*custom.value));
}

// Whether a record has the value of a custom filter, or has none.
std::string has_custom_text(ListStatement& statement, const ListQuery& query, std::size_t filter) {
  const CustomFilter& custom = query.custom[filter];
  if (!custom.value)
    return fmt::format("json_extract(t.custom,{}) IS NULL",
                       statement.mark(fmt::format("$.\"{}\"", custom.key)));
  return fmt::format("EXISTS (SELECT 1 FROM custom_value AS v WHERE {} AND v.record=t.id)",
                     custom_text(statement, query, filter));
}

std::string range_text(ListStatement& statement, const ListRange& range) {
  if (range.until.is_null()) return since_text(statement, range);
  if (range.since.is_null()) return until_text(statement, range);
  const std::string since = since_text(statement, range);
  return fmt::format("{} AND {}", since, until_text(statement, range));
}

// As is_seen() has it.
std::string customers_text(ListStatement& statement, const std::vector<RecordId>& customers) {
  std::vector<std::string> marks;
  for (const RecordId& customer : customers) marks.push_back(statement.mark(customer));
  return fmt::format("(t.scope_customer IN ({0}) OR t.scope_place IN ({0}))",
                     fmt::join(marks, ","));
}

void add_mode(std::vector<std::string>& conditions, std::string_view column, Archived mode) {
  if (mode == Archived::exclude) conditions.push_back(fmt::format("t.{} IS NULL", column));
  if (mode == Archived::only) conditions.push_back(fmt::format("t.{} IS NOT NULL", column));
}

}  // namespace

std::string filter_index(const ListFilter& filter) {
  if (filter.field == &role_field) return fmt::format("roles_{}", option_of(filter));
  return std::string(filter.field->name);
}

std::string since_text(ListStatement& statement, const ListRange& range) {
  return fmt::format("t.{}>={}", range.field->name, statement.mark(*range.field, range.since));
}

std::string until_text(ListStatement& statement, const ListRange& range) {
  return fmt::format("t.{}<{}", range.field->name, statement.mark(*range.field, range.until));
}

std::string passes_text(ListStatement& statement, const ListQuery& query,
                        const ListDriver& driver) {
  using By = ListDriver::By;
  std::vector<std::string> conditions;
  for (std::size_t i = 0; i < query.filters.size(); ++i) {
    if (driver != ListDriver{By::filter, i})
      conditions.push_back(filter_text(statement, query.filters[i]));
    // One in transit to a customer is seen there, and does not stand there yet.
    if (query.filters[i].field == &at_customer_field)
      conditions.push_back("t.location IS NOT NULL");
  }
  for (std::size_t i = 0; i < query.custom.size(); ++i)
    if (driver != ListDriver{By::custom, i})
      conditions.push_back(has_custom_text(statement, query, i));
  for (std::size_t i = 0; i < query.ranges.size(); ++i)
    if (driver != ListDriver{By::range, i})
      conditions.push_back(range_text(statement, query.ranges[i]));
  if (driver.by != By::archived) add_mode(conditions, "archived_at", query.archived);
  if (driver.by != By::scrapped) add_mode(conditions, "scrapped_on", query.scrapped);
  if (!query.customers.empty() && query.kind->scope != ScopePath::everywhere)
    conditions.push_back(customers_text(statement, query.customers));
  if (conditions.empty()) return "1";
  return fmt::format("{}", fmt::join(conditions, " AND "));
}

std::string driver_text(ListStatement& statement, const ListQuery& query,
                        const ListDriver& driver) {
  switch (driver.by) {
    case ListDriver::By::filter:
      return filter_text(statement, query.filters[driver.filter]);
    case ListDriver::By::custom:
      return custom_text(statement, query, driver.filter);
    case ListDriver::By::archived:
      return "t.archived_at IS NOT NULL";
    case ListDriver::By::scrapped:
      return "t.scrapped_on IS NOT NULL";
    case ListDriver::By::range:
      return range_text(statement, query.ranges[driver.filter]);
    case ListDriver::By::all:
      break;
  }
  return "1";
}

}  // namespace skerry::store
