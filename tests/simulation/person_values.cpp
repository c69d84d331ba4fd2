// What people write.
#include <algorithm>

#include "store/custom_fields.hpp"
#include "tests/simulation/person.hpp"

namespace skerry::sim {
namespace {

// Rarely written with a new record: they end what it is good for.
bool is_ending(std::string_view field) {
  constexpr std::array<std::string_view, 5> endings{"archived_at", "disabled_at", "disposal_price",
                                                    "disposal_reason", "scrapped_on"};
  return std::find(endings.begin(), endings.end(), field) != endings.end();
}

constexpr std::array<std::string_view, 3> custom_keys{"a", "b", "c"};

}  // namespace

// What is central's to write is mostly left alone at a site.
const Kind& Person::some_kind() {
  for (int tries = 0; tries < 5; ++tries) {
    const Kind& kind = all_kinds()[rng_.weighted(swarm_.kinds)];
    if (machine_.is_central() || kind.authority != Authority::central || rng_.percent(10))
      return kind;
  }
  return all_kinds().front();
}

// A write that is refused as a whole need not leave anything out.
bool Person::may_write(const Kind& kind, const Field& field) {
  if (field.read_only) return false;
  return machine_.is_central() || kind.authority == Authority::central ||
         field.merge != MergeClass::central || rng_.percent(3);
}

std::optional<RecordId> Person::some_id(const Kind& kind) {
  return machine_.read([&](store::Connection& connection) -> std::optional<RecordId> {
    std::vector<RecordId> ids;
    auto cursor = connection.query(fmt::format("SELECT id FROM {} ORDER BY id", kind.name));
    while (cursor.next()) ids.push_back(cursor.id<RecordId>(0));
    if (ids.empty()) return std::nullopt;
    return rng_.pick(ids);
  });
}

std::optional<store::Record> Person::some_record(const Kind& kind) {
  const auto id = some_id(kind);
  if (!id) return std::nullopt;
  return machine_.read(
      [&](store::Connection& connection) { return store::find_record(connection, kind, *id); });
}

// Few days, so that moves of one time meet; as text of the canonical form.
json::value Person::some_day() {
  return json::string(fmt::format("2026-01-{:02}T00:00:00.000Z", 1 + rng_.below(6)));
}

// Some of the custom fields that this machine knows, as a merge patch.
json::value Person::custom_values(const Kind& kind) {
  const auto known = machine_.read(
      [&](store::Connection& connection) { return store::custom_fields_of(connection, kind); });
  json::object values;
  for (const store::CustomField& field : known) {
    if (!field.required && rng_.percent(40)) continue;
    const std::size_t number = rng_.below(std::min<std::size_t>(swarm_.palette, 6));
    if (field.type == "boolean")
      values[field.key] = number % 2 == 0;
    else if (field.type == "date")
      values[field.key] = fmt::format("2026-02-{:02}", 1 + number);
    else if (field.type == "number")
      values[field.key] = 0.5 * static_cast<double>(number);
    else if (field.type == "option")
      values[field.key] = field.options[number % field.options.size()];
    else
      values[field.key] = fmt::format("v{}", number);
  }
  return values;
}

json::object Person::new_custom_field() {
  constexpr std::array<std::string_view, 6> kinds{"asset",    "contact", "customer",
                                                  "location", "move",    "note"};
  constexpr std::array<std::string_view, 5> types{"boolean", "date", "number", "option", "text"};
  const std::string_view type = types[rng_.below(types.size())];
  json::object body{{"record_kind", kinds[rng_.below(kinds.size())]},
                    {"key", custom_keys[rng_.below(custom_keys.size())]},
                    {"type", type}};
  if (type == "option") body["options"] = json::array{"red", "green", "blue"};
  if (rng_.percent(40)) body["unique"] = true;
  if (rng_.percent(10)) body["required"] = true;
  return body;
}

// Of this field's type; null where there is nothing to refer to.
json::value Person::value_for(const Kind& kind, const Field& field) {
  const std::size_t number = rng_.below(swarm_.palette);
  switch (field.type) {
    case FieldType::email:
      return json::string(fmt::format("m{}@example.org", rng_.below(12)));
    case FieldType::phone:
      return json::string(fmt::format("+49301234{:03}", number));
    case FieldType::url:
      return json::string(fmt::format("https://h{}.example.org/", number));
    case FieldType::boolean:
      return number % 2 == 0;
    case FieldType::timestamp:
      return some_day();
    case FieldType::date:
      return json::string(fmt::format("2026-02-{:02}", 1 + number % 20));
    case FieldType::decimal:
      return json::string(fmt::format("{}.5", number));
    case FieldType::integer:
      return std::max<std::int64_t>(static_cast<std::int64_t>(number), field.least);
    case FieldType::choice:
      return json::string(field.options[number % field.options.size()]);
    case FieldType::choices: {
      json::array chosen;
      for (const std::string_view option : field.options)
        if (rng_.percent(50)) chosen.emplace_back(option);
      return chosen;
    }
    case FieldType::texts:
      return json::array{"red", fmt::format("shade {}", number)};
    case FieldType::reference: {
      const auto id = some_id(*find_kind(field.options[rng_.below(field.options.size())]));
      return id ? json::value(to_string(*id)) : json::value();
    }
    case FieldType::group:
      return json::object{{"line1", fmt::format("Road {}", number)}, {"country", "DE"}};
    case FieldType::custom:
      return custom_values(kind);
    case FieldType::settings:
      return nullptr;  // what a product defines is left to the tests of terms
    default:
      break;
  }
  if (field.name == "duration" || field.name == "maintenance")
    return json::string(fmt::format("P{}M", 1 + number));
  if (field.name == "overdraft") return json::string(fmt::format("{}%", number));
  if (field.unique != Unique::no)
    return json::string(fmt::format("{}-{}", kind.name, rng_.below(16)));
  return json::string(fmt::format("{} {}", field.name, number));
}

// Nothing when a required reference has nowhere to go.
std::optional<json::object> Person::new_values(const Kind& kind) {
  json::object values;
  for (const Field& field : kind.fields) {
    const unsigned optional = kind.name == "entitlement" ? 5 : 40;  // its terms follow
    const unsigned chance = field.required ? 100 : is_ending(field.name) ? 3 : optional;
    if (!rng_.percent(chance) || !may_write(kind, field)) continue;
    json::value value = value_for(kind, field);
    if (value.is_null() && field.required) return std::nullopt;
    if (!value.is_null()) values[field.name] = std::move(value);
  }
  // Only devices have assets, and a move says when.
  if (kind.name == "product" && rng_.percent(80)) values["type"] = "device";
  if (kind.name == "plan") {
    values["license"] = "subscription";
    values["duration"] = "P1Y";
    if (values["starts"] == json::value("date"))
      values["starts_on"] = "2026-02-01";
    else
      values.erase("starts_on");
  }
  if (kind.name == "offering") values["seats"] = 20;
  if (kind.name == "allocation") {
    values["seats"] = static_cast<std::int64_t>(rng_.below(15));
    if (rng_.percent(80)) values["until"] = "2099-01-01T00:00:00.000Z";
  }
  if (kind.name == "feature")
    values.erase(values["type"] == json::value("bool") ? "amount" : "enabled");
  if (kind.name == "attribute") {
    values["type"] = "string";
    values.erase("pattern");
  }
  if (kind.name == "move") values[rng_.percent(30) ? "shipped_at" : "arrived_at"] = some_day();
  return values;
}

json::object Person::patch_for(const store::Record& record) {
  const Kind& kind = *record.kind;
  const auto& hot = swarm_.fields[static_cast<std::size_t>(&kind - all_kinds().data())];
  json::object patch;
  for (std::size_t wanted = 1 + rng_.below(3); wanted > 0; --wanted) {
    const Field& field = kind.fields[rng_.pick(hot)];
    if (!may_write(kind, field)) continue;
    json::value value = value_for(kind, field);
    if (!field.required && rng_.percent(15)) value = nullptr;
    if (field.type == FieldType::custom && value.is_object())
      for (auto& [key, member] : value.get_object())
        if (rng_.percent(20)) member = nullptr;
    if (field.required && value.is_null()) continue;
    patch[field.name] = std::move(value);
  }
  return patch;
}

}  // namespace skerry::sim
