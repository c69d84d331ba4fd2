// How an entitlement is completed from its offering: declared in terms.hpp.
#include "store/terms.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "core/check.hpp"
#include "core/period.hpp"
#include "core/timestamp.hpp"
#include "store/allocations.hpp"

namespace skerry::store {
namespace {

const json::value none;

const json::value& value_of(const Record& record, std::string_view field) {
  return record.kind->find_field(field) < 0 ? none : record.value(field);
}

std::optional<Record> find_named(Connection& connection, const Record& from,
                                 std::string_view field) {
  const json::string* text = value_of(from, field).if_string();
  const auto id = text ? parse_id<RecordId>(*text) : std::nullopt;
  if (!id) return std::nullopt;
  const Field& description =
      from.kind->field(static_cast<std::size_t>(from.kind->find_field(field)));
  return find_record(connection, *find_kind(description.options.front()), *id);
}

json::object object_of(const json::value& value) {
  return value.is_object() ? value.get_object() : json::object();
}

// What the product gives by itself: each feature and attribute with its own value.
void add_defaults(Connection& connection, const RecordId& product, json::object& features,
                  json::object& attributes) {
  const Kind& feature = *find_kind("feature");
  auto rows = connection.query(fmt::format("SELECT {} FROM feature WHERE product=?1 AND "
                                           "archived_at IS NULL ORDER BY id",
                                           select_columns(feature)),
                               product);
  while (rows.next()) {
    const Record record = read_record(rows, feature);
    const json::string& key = record.value("key").as_string();
    if (record.value("type") == json::value("bool"))
      features[key] = record.value("enabled") == json::value(true);
    else
      features[key] =
          record.value("amount").is_null() ? json::value("unlimited") : record.value("amount");
  }
  auto values = connection.query(
      "SELECT key,value FROM attribute WHERE product=?1 AND value IS NOT NULL AND archived_at IS "
      "NULL ORDER BY id",
      product);
  while (values.next()) attributes[values.text(0)] = json::string(values.text(1));
}

json::value sorted(const json::object& object) {
  std::vector<std::string_view> keys;
  for (const auto& [key, value] : object) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  json::object made;
  for (const std::string_view key : keys) made[key] = object.at(key);
  if (made.empty()) return nullptr;
  return made;
}

// An offering with all that it leads to.
class Offer {
 public:
  Offer(Connection& connection, const Record& entitlement)
      : offering_(find_named(connection, entitlement, "offering")) {
    if (!offering_) return;
    plan_ = find_named(connection, *offering_, "plan");
    edition_ = find_named(connection, *offering_, "edition");
    if (edition_) product_ = find_named(connection, *edition_, "product");
    if (!product_) return;
    const auto given = [&](const Record& by, std::string_view field) {
      return still_defined(connection, product_->id, field, by.value(field));
    };
    json::object features;
    json::object attributes;
    add_defaults(connection, product_->id, features, attributes);
    for (const auto& [key, value] : given(*edition_, "features")) features[key] = value;
    for (const auto& [key, value] : given(*edition_, "attributes")) attributes[key] = value;
    features_ = sorted(features);
    attributes_ = sorted(attributes);
    feature_overdraft_ = sorted(given(*offering_, "feature_overdraft"));
  }

  bool is_whole() const { return plan_ && product_; }
  const RecordId& product() const { return product_->id; }

  // The first that says something, from the offering to the product.
  const json::value& term(std::string_view field) const {
    if (field == "features") return features_;
    if (field == "attributes") return attributes_;
    if (field == "feature_overdraft") return feature_overdraft_;
    for (const auto* record : {&offering_, &plan_, &edition_, &product_}) {
      if (field == "type" && record != &plan_) continue;  // a product has one of another meaning
      if (const json::value& value = value_of(**record, field); !value.is_null()) return value;
    }
    return none;
  }

 private:
  std::optional<Record> offering_, plan_, edition_, product_;
  json::value features_;
  json::value attributes_;
  json::value feature_overdraft_;
};

bool is_map(const Field& field) { return field.type == FieldType::settings; }

// The terms of one entitlement, as they will stand.
class Terms {
 public:
  Terms(const Offer& offer, const Record* before, Record& after)
      : offer_(offer), before_(before), after_(after) {
    if (!before_) return;
    if (const json::array* names = before_->value("overridden").if_array())
      for (const json::value& name : *names) overridden_.emplace_back(name.as_string());
  }

  // `said`: the write names the field; `anew`: the offering is another.
  void settle(std::size_t index, bool said, bool anew) {
    const Field& field = after_.kind->fields[index];
    if (is_map(field)) return settle_map(index, said, anew);
    const json::value& offered = offer_.term(field.name);
    json::value& value = after_.values[index];
    if (said && !value.is_null()) return mark(std::string(field.name), value != offered);
    if (!said && is_marked(std::string(field.name))) return;
    mark(std::string(field.name), false);
    value = offered;
  }

  json::value overridden() {
    if (overridden_.empty()) return nullptr;
    std::sort(overridden_.begin(), overridden_.end());
    return json::array(overridden_.begin(), overridden_.end());
  }

 private:
  // Key by key: one that is taken back is as the offering has it.
  void settle_map(std::size_t index, bool said, bool anew) {
    const std::string_view name = after_.kind->fields[index].name;
    const json::object was = before_ ? object_of(before_->values[index]) : json::object();
    const json::object wanted = said ? object_of(after_.values[index]) : was;
    const json::object offered = object_of(offer_.term(name));
    json::object made = anew ? offered : was;
    for (const auto& [key, value] : wanted) {
      const std::string path = fmt::format("{}.{}", name, std::string_view(key));
      const json::value* old = was.if_contains(key);
      if ((old && *old == value) && !is_marked(path)) continue;
      const json::value* plain = offered.if_contains(key);
      mark(path, !plain || *plain != value);
      made[key] = value;
    }
    for (const auto& [key, value] : was) {
      if (wanted.contains(key)) continue;
      mark(fmt::format("{}.{}", name, std::string_view(key)), false);
      const json::value* plain = offered.if_contains(key);
      if (plain)
        made[key] = *plain;
      else
        made.erase(key);
    }
    after_.values[index] = sorted(made);
  }

  bool is_marked(const std::string& name) const {
    return std::find(overridden_.begin(), overridden_.end(), name) != overridden_.end();
  }
  void mark(const std::string& name, bool differs) {
    std::erase(overridden_, name);
    if (differs) overridden_.push_back(name);
  }

  const Offer& offer_;
  const Record* before_;
  Record& after_;
  std::vector<std::string> overridden_;
};

std::size_t position(const Kind& kind, std::string_view field) {
  const int found = kind.find_field(field);
  SKERRY_CHECK(found >= 0);
  return static_cast<std::size_t>(found);
}

// Its beginning, where the plan says one, and the ends that follow from a beginning.
void begin(Record& after, const Record* before, const std::vector<bool>& said, UnixMillis now) {
  const Kind& kind = *after.kind;
  json::value& starts_at = after.values[position(kind, "starts_at")];
  if (!before && starts_at.is_null()) {
    if (after.value("starts") == json::value("creation")) starts_at = format_timestamp(now);
    const json::string* day = after.value("starts_on").if_string();
    if (after.value("starts") == json::value("date") && day)
      starts_at = fmt::format("{}T00:00:00.000Z", std::string_view(*day));
  }
  const auto start = instant_of(starts_at);
  if (!start || (before && before->value("starts_at") == starts_at)) return;
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> ends{
      std::pair("expires_at", "duration"), std::pair("maintenance_until", "maintenance")};
  for (const auto& [end, period_field] : ends) {
    const json::string* text = after.value(period_field).if_string();
    const auto period = text ? parse_period(*text) : std::nullopt;
    if (!period || said[position(kind, end)]) continue;
    after.values[position(kind, end)] = format_timestamp(add_period(*start, *period));
  }
}

void complete_entitlement(Connection& connection, const Record* before, Record& after,
                          const std::vector<bool>& said, UnixMillis now) {
  const Kind& kind = *after.kind;
  const Offer offer(connection, after);
  if (!offer.is_whole()) return;  // what is missing is refused where references are checked
  const bool moved = !before || before->value("offering") != after.value("offering");
  Terms terms(offer, before, after);
  for (std::size_t i = position(kind, "seats"); i <= position(kind, "attributes"); ++i)
    if (moved || said[i]) terms.settle(i, said[i], moved);
  after.values[position(kind, "overridden")] = terms.overridden();
  after.values[position(kind, "product")] = json::string(to_string(offer.product()));
  begin(after, before, said, now);
}

}  // namespace

FieldValues complete_terms(Connection& connection, const Kind& kind, const Record* before,
                           FieldValues given, UnixMillis now) {
  const bool is_entitlement = kind.name == "entitlement";
  if (!is_entitlement && !(kind.name == "allocation" && before)) return given;
  Record after(kind);
  if (before) after = *before;
  std::vector<bool> said(kind.fields.size());
  for (FieldValue& value : given) {
    said[value.field] = true;
    after.values[value.field] = std::move(value.value);
  }
  if (is_entitlement)
    complete_entitlement(connection, before, after, said, now);
  else
    hold_until_confirmed(*before, after, now);
  FieldValues values;
  for (std::size_t i = 0; i < kind.fields.size(); ++i)
    if (before ? before->values[i] != after.values[i] : !after.values[i].is_null())
      values.push_back({i, std::move(after.values[i])});
  return values;
}

}  // namespace skerry::store
