// What is asked of a record whoever writes it: declared in write_records.hpp.
#include <algorithm>
#include <fmt/format.h>

#include "core/check.hpp"
#include "store/write_records.hpp"

namespace skerry::store {

Result<void> check_written(const Kind& kind) {
  if (kind.is_written()) return {};
  return fail(Errc::method_not_allowed,
              fmt::format("{} are not made and not deleted by a write", kind.plural),
              std::string(kind.made_by));
}

bool is_within(const std::vector<RecordId>& customers, const RecordId& customer) {
  return customers.empty() ||
         std::find(customers.begin(), customers.end(), customer) != customers.end();
}

bool is_seen(const std::vector<RecordId>& customers, const Kind& kind, const Scope& scope) {
  if (customers.empty() || kind.scope == ScopePath::everywhere) return true;
  return is_within(customers, scope.customer) || is_within(customers, scope.place);
}

bool sees(Connection& connection, const Author& author, const Kind& kind, const RecordId& id) {
  if (author.customers.empty()) return true;
  const auto record = find_record(connection, kind, id);
  return record && is_seen(author.customers, kind, record->scope);
}

Result<void> check_within(const Author& author, const Kind& kind, const Scope& scope) {
  if (is_within(author.customers, scope.customer)) return {};
  return fail(Errc::forbidden,
              fmt::format("{} may write what belongs to certain customers, and this {} does not",
                          author.actor, kind.name),
              "GET /v1/session tells which customers");
}

bool is_mention(const Kind& kind, const Field& field) {
  return field.type == FieldType::reference && !field.required && !kind.administered &&
         field.name != kind.scope_field;
}

std::optional<std::string> find_referrer(Connection& connection, const Kind& kind,
                                         const RecordId& id) {
  for (const Kind& other : all_kinds()) {
    for (const Field& field : other.fields) {
      if (field.type != FieldType::reference) continue;
      if (std::find(field.options.begin(), field.options.end(), kind.name) == field.options.end())
        continue;
      Cursor cursor = connection.query(
          fmt::format("SELECT id FROM {} WHERE {}=?1 LIMIT 1", other.name, field.name), id);
      if (cursor.next()) return fmt::format("{} {}", other.name, to_string(cursor.id<RecordId>(0)));
    }
  }
  return std::nullopt;
}

Result<void> check_revision(const Record& record, std::optional<std::int64_t> revision) {
  if (!revision || *revision == record.revision) return {};
  const std::string_view name = record.kind->name;
  return fail(Errc::precondition_failed,
              *revision < 0 ? fmt::format("the If-Match tag is none of this {}'s", name)
                            : fmt::format("the {} is at revision {}, not {}", name, record.revision,
                                          *revision),
              "read it again and repeat the change");
}

const Kind* find_referenced(Connection& connection, const Field& field, const RecordId& id) {
  for (const std::string_view name : field.options) {
    const Kind* kind = find_kind(name);
    SKERRY_CHECK(kind != nullptr);
    if (record_exists(connection, *kind, id)) return kind;
  }
  return nullptr;
}

void confirm(const Record& before, const json::object& patch, FieldValues& values) {
  for (std::size_t i = 0; i < before.values.size(); ++i) {
    const auto is_it = [&](const FieldValue& value) { return value.field == i; };
    if (patch.contains(before.kind->fields[i].name) &&
        std::none_of(values.begin(), values.end(), is_it))
      values.push_back({i, before.values[i]});
  }
}

bool touches_key(const Kind& kind, const FieldValues& values) {
  std::vector<std::size_t> written;
  for (const FieldValue& value : values) written.push_back(value.field);
  const auto is_custom = [&](std::size_t field) {
    return kind.fields[field].type == FieldType::custom;
  };
  return std::any_of(written.begin(), written.end(), is_custom) ||
         !changed_keys(kind, written).empty();
}

}  // namespace skerry::store
