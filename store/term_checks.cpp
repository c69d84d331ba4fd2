// What the catalogue and entitlements are held to: declared in terms.hpp.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>

#include "core/check.hpp"
#include "core/kinds/amounts.hpp"
#include "core/text.hpp"
#include "store/allocations.hpp"
#include "store/terms.hpp"

namespace skerry::store {
namespace {

using std::string_view;

FieldError complaint(string_view field, string_view code, std::string detail) {
  return {fmt::format("/{}", field), std::string(code), std::move(detail)};
}

struct Definition {
  std::string type;
  std::string pattern;  // of an attribute
};
using Definitions = std::map<std::string, Definition, std::less<>>;

// What a product defines, by key.
Definitions defined(Connection& connection, string_view kind, const RecordId& product) {
  Definitions all;
  const bool has_pattern = find_kind(kind)->find_field("pattern") >= 0;
  auto rows =
      connection.query(fmt::format("SELECT key,type,coalesce({},'') FROM {} WHERE product=?1",
                                   has_pattern ? "pattern" : "NULL", kind),
                       product);
  while (rows.next())
    all.emplace(rows.text(0), Definition{std::string(rows.text(1)), std::string(rows.text(2))});
  return all;
}

RecordId product_of_edition(Connection& connection, const json::value& edition) {
  const RecordId id = id_in(edition);
  auto row = connection.query("SELECT product FROM edition WHERE id=?1", id);
  return row.next() ? row.id<RecordId>(0) : RecordId{};
}

bool is_feature_value(const Definition& feature, const json::value& value) {
  return feature.type == "bool" ? value.is_bool() : read_amount(value).has_value();
}

bool is_of_counted(const Definition& feature, const json::value&) { return feature.type != "bool"; }

bool is_attribute_value(const Definition& attribute, const json::value& value) {
  return is_attribute(attribute.type, attribute.pattern, value);
}

std::string wanted_feature(const Definition& feature) {
  if (feature.type == "bool") return "must be true or false: the feature is on or off";
  return fmt::format(
      "must be an amount, a whole number from 0 on or \"unlimited\": the feature is {}",
      with_article(feature.type));
}

std::string wanted_counted(const Definition&) {
  return "is a feature that is on or off: it has no overdraft";
}

std::string wanted_attribute(const Definition& attribute) {
  return fmt::format("must be {}{}{}", with_article(attribute.type),
                     attribute.pattern.empty() ? "" : " that fits ", attribute.pattern);
}

// A field of values by key, the kind that defines the keys, and which values fit a definition, and
// what others are told.
struct Settings {
  string_view field;
  string_view kind;
  bool (*fits)(const Definition&, const json::value&);
  std::string (*wanted)(const Definition&);
};
constexpr std::array all_settings{
    Settings{"features", "feature", is_feature_value, wanted_feature},
    Settings{"feature_overdraft", "feature", is_of_counted, wanted_counted},
    Settings{"attributes", "attribute", is_attribute_value, wanted_attribute},
};

// Each key is one the product defines, and the value fits its definition. What stands in `held`
// already stays, whatever became of the definition.
void check_keys(const Record& record, const Record* held, const Settings& settings,
                const Definitions& all, Refusal& refusal) {
  const json::object* before = held ? held->value(settings.field).if_object() : nullptr;
  for (const auto& [key, value] : record.value(settings.field).get_object()) {
    if (const json::value* was = before ? before->if_contains(key) : nullptr; was && *was == value)
      continue;
    const std::string pointer = fmt::format("{}/{}", settings.field, string_view(key));
    const auto found = all.find(string_view(key));
    if (found == all.end())
      refusal.take(
          complaint(pointer, "unknown_key", fmt::format("is no {} of the product", settings.kind)));
    else if (const Definition& wanted = found->second; !settings.fits(wanted, value))
      refusal.take(complaint(pointer, "wrong_type", settings.wanted(wanted)));
  }
}

void check_settings(Connection& connection, const Record& record, const Record* before,
                    const RecordId& product, Refusal& refusal) {
  const bool other_product = before && record.kind->find_field("product") >= 0 &&
                             before->value("product") != record.value("product");
  const Record* held = other_product ? nullptr : before;
  for (const Settings& each : all_settings)
    if (record.kind->find_field(each.field) >= 0 && record.value(each.field).is_object())
      check_keys(record, held, each, defined(connection, each.kind, product), refusal);
}

// What is the same stays, whatever is in use: only who takes seats or amounts away is asked.
bool may_take_away(const Record& before, const Record& after) {
  for (const string_view field : {"seats", "overdraft", "features", "feature_overdraft"})
    if (before.value(field) != after.value(field)) return true;
  return false;
}

void check_entitlement(Connection& connection, const Record& record, const Record* before,
                       UnixMillis now, Refusal& refusal) {
  check_settings(connection, record, before, id_in(record.value("product")), refusal);
  if (before && before->value("product") != record.value("product"))
    refusal.take(
        complaint("offering", "other_product", "is of another product: make another entitlement"));
  const bool same_order = before && before->value("sales_order") == record.value("sales_order");
  const RecordId sales_order = same_order ? RecordId{} : id_in(record.value("sales_order"));
  auto order = connection.query("SELECT customer FROM sales_order WHERE id=?1", sales_order);
  if (order.next() && order.id<RecordId>(0) != id_in(record.value("customer")))
    refusal.take(complaint("sales_order", "other_customer", "is an order of another customer"));
  if (before && may_take_away(*before, record))
    check_allocations_fit(connection, record, *before, now, refusal);
}

// The field by which records of the kind `by` were made of this one.
void check_stays(Connection& connection, const Record& record, const Record* before,
                 string_view field, string_view by, Refusal& refusal) {
  if (!before || before->value(field) == record.value(field)) return;
  const string_view kind = record.kind->name;
  auto row =
      connection.query(fmt::format("SELECT 1 FROM {} WHERE {}=?1 LIMIT 1", by, kind), record.id);
  if (row.next())
    refusal.take(complaint(
        field, "in_use", fmt::format("stays: {} are of it; make another", find_kind(by)->plural)));
}

}  // namespace

json::object still_defined(Connection& connection, const RecordId& product, string_view field,
                           const json::value& given) {
  json::object kept;
  if (!given.is_object()) return kept;
  const Settings* settings = std::find_if(all_settings.begin(), all_settings.end(),
                                          [&](const auto& each) { return each.field == field; });
  SKERRY_CHECK(settings != all_settings.end());
  const Definitions all = defined(connection, settings->kind, product);
  for (const auto& [key, value] : given.get_object())
    if (const auto found = all.find(string_view(key));
        found != all.end() && settings->fits(found->second, value))
      kept[key] = value;
  return kept;
}

void check_terms(Connection& connection, const Record& record, const Record* before, UnixMillis now,
                 Refusal& refusal) {
  const string_view kind = record.kind->name;
  if (kind == "entitlement") return check_entitlement(connection, record, before, now, refusal);
  if (kind == "allocation") return check_allocation_fits(connection, record, before, now, refusal);
  if (kind == "sales_order")
    return check_stays(connection, record, before, "customer", "entitlement", refusal);
  if (kind == "edition") {
    check_stays(connection, record, before, "product", "offering", refusal);
    return check_settings(connection, record, before, id_in(record.value("product")), refusal);
  }
  if (kind != "offering") return;
  const RecordId product = product_of_edition(connection, record.value("edition"));
  check_settings(connection, record, before, product, refusal);
  if (before && product_of_edition(connection, before->value("edition")) != product)
    refusal.take(
        complaint("edition", "other_product", "is of another product: make another offering"));
}

}  // namespace skerry::store
